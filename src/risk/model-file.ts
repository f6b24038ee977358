import { readFileSync, statSync } from 'node:fs';
import shipped from './model.json' with { type: 'json' };
import { checksumOf, factors, type RiskModel, timeOf } from './risk-model.js';

/** A model with its report is some thousand bytes; what is much larger is something else, or has no end. */
const mostBytes = 1_048_576;
/** The ledger keeps three digits of log-odds before the point. */
const outermostLogOdds = 1_000;
/** No factor lies further from 0: that is where a lowest score of 0 is. */
const outermostValue = 4;

/**
 * The model that scores: the shipped one, or another file of the same format.
 * @throws Error in one line, which stops the start: scores of a model that nobody meant are worse than none
 */
export function readModel(file?: string): RiskModel {
  if (file === undefined) return parseModel(shipped, 'the shipped risk model');
  try {
    const state = statSync(file);
    if (!state.isFile()) throw new Error('it is no file');
    if (state.size > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return parseModel(JSON.parse(readFileSync(file, 'utf8')), `the risk model ${file}`);
  } catch (error) {
    if (error instanceof ModelFault) throw error;
    // the parser quotes what it read, with its line breaks
    const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ') : 'unknown';
    throw new ModelFault(`the risk model ${file} cannot be read: ${reason}`);
  }
}

/** @param report what is to be known of it; nothing that scores reads it */
export function printModel(model: RiskModel, report?: object): string {
  return `${JSON.stringify({ ...model, checksum: checksumOf(model), report }, null, 2)}\n`;
}

class ModelFault extends Error {}

/** @param name what a message calls it */
export function parseModel(content: unknown, name: string): RiskModel {
  const refuse = (reason: string): never => {
    throw new ModelFault(`${name} ${reason}; write it with npm run risk:fit, or leave RISK_MODEL_FILE out`);
  };
  const object = (value: unknown, where: string): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : refuse(`has no ${where}`);
  const number = (value: unknown, where: string): number =>
    typeof value === 'number' && Number.isFinite(value) ? value : refuse(`has no number at ${where}`);

  const root = object(content, 'content');
  if (root['format'] !== 1) refuse(`is of format ${JSON.stringify(root['format'])}, and this release reads format 1`);
  const version = root['version'];
  if (typeof version !== 'string' || !/^[\w.-]{1,40}$/.test(version)) return refuse('has no version');
  const time = object(root['time'], 'time');
  const base = object(root['base'], 'base');
  const weights = object(root['factors'], 'factors');
  const unknown = Object.keys(weights).find((name) => !(factors as readonly string[]).includes(name));
  if (unknown !== undefined) refuse(`has the factor ${JSON.stringify(unknown)}, which this release does not know`);
  const model: RiskModel = {
    format: 1,
    version,
    time: {
      center: number(time['center'], 'time.center'),
      scale: number(time['scale'], 'time.scale'),
      first: number(time['first'], 'time.first'),
      last: number(time['last'], 'time.last'),
    },
    base: {
      weight: number(base['weight'], 'base.weight'),
      weightByTime: number(base['weightByTime'], 'base.weightByTime'),
    },
    factors: Object.fromEntries(
      factors.map((factor) => {
        const own = object(weights[factor], `factor ${factor}`);
        return [
          factor,
          {
            mean: number(own['mean'], `${factor}.mean`),
            weight: number(own['weight'], `${factor}.weight`),
            weightByTime: number(own['weightByTime'], `${factor}.weightByTime`),
          },
        ];
      }),
    ) as unknown as RiskModel['factors'],
  };
  if (model.time.scale <= 0 || model.time.first > model.time.last) refuse('has a time that makes no sense');
  if (!(reachOf(model) < outermostLogOdds)) refuse('has weights so large that scores could not be kept');
  if (root['checksum'] !== checksumOf(model)) refuse('is not as it was written: its checksum does not fit');
  return model;
}

/** The largest log-odds that anybody could have by it. */
function reachOf(model: RiskModel): number {
  const { first, last } = model.time;
  const time = Math.max(...[first, last].map((days) => Math.abs(timeOf(model, days))));
  const most = (own: { readonly weight: number; readonly weightByTime: number }): number =>
    Math.abs(own.weight) + Math.abs(own.weightByTime) * time;
  return Object.values(model.factors).reduce(
    (reach, factor) => reach + most(factor) * (outermostValue + Math.abs(factor.mean)),
    most(model.base),
  );
}
