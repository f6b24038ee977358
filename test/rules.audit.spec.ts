import { reads, unauditedJobs, unauditedOperations, unauditedStatements } from './audited.js';
import { faultsOf, operationIds } from './audit-effects.js';
import { readSources, statementsOf } from './sources.js';

describe('what is done is on record', () => {
  it('says of every GET whether it is, so that a new one has to be decided', () => {
    const gets = [...operationIds()].filter(([name]) => name.startsWith('GET ')).map(([, id]) => id);
    expect(Object.keys(reads).sort()).toEqual(gets.sort());
  });

  it('gives a reason for each exception, and knows what it is one of', () => {
    const statements = new Set(
      readSources()
        .flatMap(statementsOf)
        .map(({ name }) => name),
    );
    for (const [name, reason] of Object.entries({
      ...unauditedStatements,
      ...unauditedOperations,
      ...unauditedJobs,
      ...reads,
    })) {
      expect([name, reason.length > 5]).toEqual([name, true]);
    }
    expect(Object.keys(unauditedStatements).filter((name) => !statements.has(name))).toEqual([]);
    const catalogue = readSources()
      .filter(({ path }) => path.startsWith('src/jobs/catalogue'))
      .map(({ text }) => text)
      .join('');
    expect(Object.keys(unauditedJobs).filter((name) => !catalogue.includes(`'${name}'`))).toEqual([]);
    const operations = new Set(operationIds().values());
    expect(Object.keys(unauditedOperations).filter((id) => !operations.has(id))).toEqual([]);
  });

  it('finds what was written without an entry, by requests and by jobs', () => {
    const of = 'PATCH /api/v1/students/:id';
    const writes = ['idempotency.claim', 'students.updateGoals'];
    expect(faultsOf([{ of, writes, isAudited: true }], false)).toEqual([]);
    expect(faultsOf([{ of, writes: ['idempotency.claim'], isAudited: false }], false)).toEqual([]);
    expect(faultsOf([{ of, writes, isAudited: false }], false)).toEqual([
      'studentsChange wrote students.updateGoals and left no entry',
    ]);
    expect(faultsOf([{ of: 'job interventions.close-cleared', writes, isAudited: false }], false)).toHaveLength(1);
    expect(faultsOf([{ of: 'POST /api/v1/probes', writes, isAudited: false }], false)).toEqual([]);
  });

  it('finds a read that is on record and should not be, and one that never is', () => {
    const effect = { of: 'GET /api/v1/metrics', writes: [], isAudited: true };
    expect(faultsOf([effect], false)).toEqual(['metricsList leaves an entry, and should not']);
    expect(faultsOf([], true)).toContain('studentsDetail leaves no entry in any test');
    const seen = { of: 'GET /api/v1/students/:id', writes: [], isAudited: true };
    expect(faultsOf([seen], true)).not.toContain('studentsDetail leaves no entry in any test');
  });
});
