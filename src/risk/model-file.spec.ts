import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseModel, readModel } from './model-file.js';
import shipped from './model.json' with { type: 'json' };
import { checksumOf, evaluate, type RiskModel } from './risk-model.js';

const folder = mkdtempSync(join(tmpdir(), 'model-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Content = Record<string, unknown>;
/** The shipped model, changed, and with the checksum that it then has. */
function changed(change: (content: Content & { factors: Record<string, Content>; time: Content }) => void): Content {
  const content = structuredClone(shipped) as unknown as Content & { factors: Record<string, Content>; time: Content };
  change(content);
  return { ...content, checksum: checksumOf(content as unknown as RiskModel) };
}

function written(text: string): string {
  const file = `${folder}/model-${text.length}.json`;
  writeFileSync(file, text);
  return file;
}

it('reads the shipped model, and the same from a file', () => {
  expect(readModel(written(JSON.stringify(shipped)))).toEqual(readModel());
});

it('reads a model that was changed with its checksum', () => {
  const content = changed((model) => (model['version'] = 'own-1'));
  expect(parseModel(content, 'it')).toMatchObject({ version: 'own-1' });
});

it.each<[string, unknown, RegExp]>([
  ['nothing', null, /has no content/],
  ['a list', [], /has no content/],
  ['a text', 'model', /has no content/],
  ['another format', changed((model) => (model['format'] = 2)), /is of format 2, and this release reads format 1/],
  ['a format in text', changed((model) => (model['format'] = '1')), /is of format "1", and/],
  ['no version', changed((model) => delete model['version']), /has no version/],
  ['a version of many lines', changed((model) => (model['version'] = 'a\nb')), /has no version/],
  ['no factor', changed((model) => delete model.factors['missedShare']), /has no factor missedShare/],
  ['a factor of its own', changed((model) => (model.factors['gender'] = {})), /the factor "gender", which this release/],
  ['a factor of two lines', changed((model) => (model.factors['a\nb'] = {})), /the factor "a\\nb", which/],
  ['a weight in text', changed((model) => (model.factors['missedShare']!['weight'] = '3')), /number at missedShare.weight/],
  ['a weight of nothing', changed((model) => (model.factors['missedShare']!['weight'] = null)), /number at missedShare/],
  ['a mean that is none', changed((model) => (model.factors['meanScore']!['mean'] = NaN)), /no number at meanScore.mean/],
  ['a base that is none', changed((model) => (model['base'] = { weight: Infinity })), /no number at base.weight/],
  ['a time without scale', changed((model) => (model.time['scale'] = 0)), /a time that makes no sense/],
  ['a time that ends first', changed((model) => (model.time['first'] = 500)), /a time that makes no sense/],
  ['a weight beyond all', changed((model) => (model.factors['meanScore']!['weight'] = 1e300)), /weights so large/],
  ['no checksum', { ...shipped, checksum: undefined }, /its checksum does not fit/],
  ['a weight changed by hand', { ...changed((model) => (model.time['center'] = 76)), checksum: shipped.checksum }, /checksum/],
])('refuses %s, in one line that says what to do', (_, content, reason) => {
  const refused = (): RiskModel => parseModel(content, 'the risk model m.json');
  expect(refused).toThrow(reason);
  expect(refused).toThrow(/^the risk model m\.json [^\n]+; write it with npm run risk:fit, or leave RISK_MODEL_FILE out$/);
}); // prettier-ignore

it.each<[string, string]>([
  ['nothing', written('')],
  ['half of it', written(JSON.stringify(shipped).slice(0, 400))],
  ['many lines that are no JSON', written('{\n"format":\n1\n"version"}')],
  ['what is not there', `${folder}/none.json`],
  ['a folder', folder],
  ['what has no end', '/dev/zero'],
  ['what is too large', written(' '.repeat(1_048_577))],
])('refuses a file with %s, in one line', (_, file) => {
  expect(() => readModel(file)).toThrow(/^the risk model [^\n]+ cannot be read: [^\n]+$/);
});

it('takes no weight with which a score could not be kept', () => {
  const model = changed(({ factors }) => {
    for (const factor of Object.values(factors)) Object.assign(factor, { mean: 0, weight: 0, weightByTime: 0 });
    factors['lowestScore']!['weight'] = -249;
  });
  const parsed = parseModel(model, 'it');
  const nobody = { activeDays: [], daysSinceActive: [], meanScore: [], handInLead: [] };
  const worst = {
    daysInCourse: 75, activeDays: 0, daysSinceActive: 0, meanScore: null, lowestScore: 0, missedShare: null,
    handInLead: null, due: 0, missed: 0,
  }; // prettier-ignore
  const { logOdds, baseLogOdds } = evaluate(parsed, worst, nobody);
  expect(logOdds - baseLogOdds).toBe(996); // 4 × 249
  expect(() => parseModel(changed(({ factors }) => (factors['lowestScore']!['weight'] = -260)), 'it')).toThrow(/so large/);
}); // prettier-ignore
