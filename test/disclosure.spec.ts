import { foundOut } from './disclosure.js';

const people = (...names: string[]) => names.map((person) => ({ person }));

it('finds nobody in a sum of enough people, nor in parts of it that are sums of enough', () => {
  expect(foundOut(people('a', 'b', 'c'), [[0, 1, 2]], 3)).toBeNull();
  expect(foundOut(people('a', 'b', 'c', 'd', 'e', 'f'), [[0, 1, 2, 3, 4, 5], [0, 1, 2]], 3)).toBeNull(); // prettier-ignore
});

it('finds who is asked about alone, and whoever is between a sum and its parts', () => {
  expect(foundOut(people('a', 'b', 'c'), [[2]], 3)).toEqual(['c']);
  expect(foundOut(people('a', 'b', 'c', 'd'), [[0, 1, 2, 3], [0, 1, 2]], 3)).toContain('d'); // prettier-ignore
});

it('counts people and not their contributions', () => {
  expect(foundOut(people('a', 'a', 'a', 'b'), [[0, 1, 2, 3]], 3)).toEqual(['a', 'b']);
});

it('adds and subtracts more than two sums: modules and hours of a day give away who had an hour of a module alone', () => {
  // module 1 at nine: a, at ten: b, c, d; module 2 at nine: e, f, g
  const unknowns = people('a', 'b', 'c', 'd', 'e', 'f', 'g');
  const [modules, hours] = [[[0, 1, 2, 3], [4, 5, 6]], [[0, 4, 5, 6], [1, 2, 3]]]; // prettier-ignore
  expect(foundOut(unknowns, modules, 3)).toBeNull();
  expect(foundOut(unknowns, hours, 3)).toBeNull();
  expect(foundOut(unknowns, [...modules, ...hours], 3)).toContain('a');
});

it('holds in what one person adds in several places', () => {
  // a in both sums: their difference still has two others in it
  const unknowns = people('a', 'b', 'c', 'a', 'd', 'e');
  expect(foundOut(unknowns, [[0, 1, 2], [3, 4, 5]], 3)).toBeNull(); // prettier-ignore
  expect(foundOut(unknowns, [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [5, 3, 4]], 4)).not.toBeNull(); // prettier-ignore
});
