import { readFileSync } from 'node:fs';
import shipped from './model.json' with { type: 'json' };
import { checksumOf, factors, type RiskModel } from './risk-model.js';

/**
 * The model that scores: the shipped one, or another file of the same format.
 * @throws Error in one line, which stops the start: scores of a model that nobody meant are worse than none
 */
export function readModel(file?: string): RiskModel {
  if (file === undefined) return parseModel(shipped, 'the shipped risk model');
  try {
    return parseModel(JSON.parse(readFileSync(file, 'utf8')), `the risk model ${file}`);
  } catch (error) {
    if (error instanceof ModelFault) throw error;
    throw new ModelFault(
      `the risk model ${file} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
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
  if (root['format'] !== 1) refuse(`is of format ${String(root['format'])}, and this release reads format 1`);
  const version = root['version'];
  if (typeof version !== 'string' || !/^[\w.-]{1,40}$/.test(version)) return refuse('has no version');
  const time = object(root['time'], 'time');
  const base = object(root['base'], 'base');
  const weights = object(root['factors'], 'factors');
  const unknown = Object.keys(weights).find((name) => !(factors as readonly string[]).includes(name));
  if (unknown !== undefined) refuse(`has the factor ${unknown}, which this release does not know`);
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
  if (root['checksum'] !== checksumOf(model)) refuse('is not as it was written: its checksum does not fit');
  return model;
}
