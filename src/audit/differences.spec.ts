import fc from '../../test/property.js';
import { differencesOf } from './differences.js';

it('names the fields that differ, and what they were and are', () => {
  const before = { name: 'A', profile: { email: 'a@x.example', phone: null }, tags: [1, 2], gone: 1 };
  const after = { name: 'A', profile: { email: 'b@x.example', phone: null }, tags: [1, 3], added: { deep: true } };
  expect(differencesOf(before, after)).toEqual([
    { field: 'profile.email', before: 'a@x.example', after: 'b@x.example' },
    { field: 'tags', before: [1, 2], after: [1, 3] },
    { field: 'gone', before: 1 },
    { field: 'added.deep', after: true },
  ]);
  expect(differencesOf(null, { count: 3 })).toEqual([{ field: 'count', after: 3 }]);
  expect(differencesOf('draft', 'sent')).toEqual([{ field: '', before: 'draft', after: 'sent' }]);
  expect(differencesOf(null, null)).toEqual([]);
});

it('is empty of equals, and the other way round of the other way round', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (one, other) => {
      expect(differencesOf(one, structuredClone(one))).toEqual([]);
      const back = differencesOf(other, one).map(({ field, ...sides }) => ({
        field,
        ...('after' in sides && { before: sides.after }),
        ...('before' in sides && { after: sides.before }),
      }));
      const byField = (a: { field: string }, b: { field: string }): number => (a.field < b.field ? -1 : 1);
      expect(back.sort(byField)).toEqual(differencesOf(one, other).sort(byField));
    }),
  );
});
