import { announce, isWellBeyond } from './announcements.js';
import { riskBands } from '../students/risk-bands.js';

// low ends at 40, moderate at 70, high at 85
it.each([
  ['low', 41.99, false],
  ['low', 42, true],
  ['low', 71, true],
  ['moderate', 71.99, false],
  ['moderate', 72, true],
  ['moderate', 38.01, false],
  ['moderate', 38, true],
  ['high', 68.01, false],
  ['high', 68, true],
  ['high', 86.99, false],
  ['high', 87, true],
  ['critical', 83.01, false],
  ['critical', 83, true],
  ['critical', 100, false],
  ['low', 0, false],
] as const)('from %s, %d is 2 points beyond the edge: %p', (announced, score, expected) => {
  expect(isWellBeyond(announced, score)).toBe(expected);
});

const calm = { isAtRisk: false, bandOfNightBefore: null };

it('tells of a first score only where it is at risk', () => {
  expect(announce(null, 55, calm)).toEqual({ band: 'moderate', isTold: false });
  expect(announce(null, 75, { ...calm, isAtRisk: true })).toEqual({ band: 'high', isTold: true });
});

it('says nothing, and forgets nothing, where there is no score', () => {
  for (const band of [null, ...riskBands]) expect(announce(band, null, calm)).toEqual({ band, isTold: false });
});

it('tells of a band that is left by a hair when it is the second night in a row', () => {
  expect(announce('moderate', 71, calm)).toEqual({ band: 'moderate', isTold: false });
  expect(announce('moderate', 71, { ...calm, bandOfNightBefore: 'moderate' })).toEqual({ band: 'moderate', isTold: false }); // prettier-ignore
  expect(announce('moderate', 71, { ...calm, bandOfNightBefore: 'high' })).toEqual({ band: 'high', isTold: true });
  expect(announce('high', 71, { ...calm, bandOfNightBefore: 'high' })).toEqual({ band: 'high', isTold: false });
});

it('does not flap while a score goes to and fro over an edge', () => {
  let band = announce(null, 69, calm).band;
  let told = 0;
  for (const score of [71, 69.5, 71.9, 68.5, 72, 70, 69, 71, 68.1, 71.5]) {
    const next = announce(band, score, calm);
    band = next.band;
    if (next.isTold) told += 1;
  }
  expect({ band, told }).toEqual({ band: 'high', told: 1 });
});
