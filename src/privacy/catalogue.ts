import type { Place } from './place.js';
import { accountPlaces } from './places.accounts.js';
import { carePlaces } from './places.care.js';
import { learningPlaces } from './places.learning.js';
import { recordPlaces } from './places.records.js';
import { workPlaces } from './places.work.js';

/** Where people are: one list for what a person is told and for what an erasure does, table by table. */
export const catalogue: readonly Place[] = [
  ...accountPlaces,
  ...learningPlaces,
  ...workPlaces,
  ...carePlaces,
  ...recordPlaces,
];
