import { readFileSync } from 'node:fs';
import type { OpenAPIObject } from '@nestjs/swagger';
import { catalogueOf, metricDefinitions } from '../src/analytics/metric-catalogue.js';
import type { MetricDefinition } from '../src/analytics/metric-definition.js';
import { answerFields } from '../src/http/openapi-numbers.js';

const document = JSON.parse(readFileSync('openapi.json', 'utf8')) as OpenAPIObject;
const named = ({ schema, field }: { schema: string; field: string }): string => `${schema}.${field}`;

/** What may stand in these is said by who sends it, or by the kind of the entry; numbers there are theirs. */
const saidElsewhere = [
  'KeySet.keys', 'AttemptResponse.content', 'InterventionEntry.details', 'ReportResponse.filter',
  'ReportScheduleResponse.filter', 'SystemLogEntry.details',
]; // prettier-ignore

describe('every number of every answer has one entry of the metric catalogue', () => {
  it('and every entry is shown somewhere (else: CONTRIBUTING.md, "A new number")', () => {
    expect(catalogueOf(metricDefinitions, answerFields(document)).faults).toEqual([]);
  });

  it('with nothing answered of which is not said what it holds', () => {
    expect(answerFields(document).open.map(named).sort()).toEqual([...saidElsewhere].sort());
  });

  it('that says something', () => {
    const empty = metricDefinitions.filter(
      ({ title, meaning, formula }) => !(title && meaning.endsWith('.') && formula),
    );
    expect(empty.map(({ id }) => id)).toEqual([]);
  });

  it('with the definitions that everybody knows', () => {
    const known = [
      ...['quizAccuracy', 'voiceAccuracy', 'categoryAccuracy', 'overallScore', 'completionRate', 'currentStreak'],
      ...['longestStreak', 'totalTimeSpentSeconds', 'improvementRate', 'consistencyScore', 'active', 'neverStarted'],
      ...['atRisk', 'topPerformer', 'newStudent'],
    ];
    const ids = metricDefinitions.map(({ id }) => id);
    expect(known.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe('the catalogue', () => {
  const answer = (schema: object): OpenAPIObject =>
    ({
      openapi: '3.1.0',
      info: { title: '', version: '' },
      paths: {
        '/x': { get: { operationId: 'xShow', responses: { 200: { content: { 'application/json': { schema } } } } } },
      },
      components: {
        schemas: {
          Leaf: { type: 'object', properties: { total: { type: ['integer', 'null'] }, name: { type: 'string' } } },
          Loop: {
            type: 'object',
            properties: { self: { $ref: '#/components/schemas/Loop' }, depth: { type: 'number' } },
          },
        },
      },
    }) as unknown as OpenAPIObject;
  const leaf = { $ref: '#/components/schemas/Leaf' };
  const faultsOf = (schema: object, ...definitions: Partial<MetricDefinition>[]): readonly string[] =>
    catalogueOf(definitions as MetricDefinition[], answerFields(answer(schema))).faults;

  it('finds numbers wherever they stand', () => {
    const properties = {
      plain: { type: 'integer' },
      list: { type: 'array', items: { type: 'number' } },
      either: { oneOf: [{ type: 'string' }, { type: 'number' }] },
      nullable: { anyOf: [leaf, { type: 'null' }] },
      all: { allOf: [leaf] },
      many: { type: 'array', items: { type: 'array', items: { $ref: '#/components/schemas/Loop' } } },
      byName: { type: 'object', additionalProperties: { type: 'integer' } },
      inner: { type: 'object', properties: { deep: { type: 'number' } } },
      anything: { type: 'object', additionalProperties: true },
    };
    const found = answerFields(answer({ type: 'object', properties }));
    expect(found.numbers.map(named)).toEqual([
      ...['xShow.plain', 'xShow.list', 'xShow.either', 'Leaf.total', 'Loop.depth', 'xShow.byName', 'xShow.inner.deep'],
    ]);
    expect(found.numbers[0]!.operationIds).toEqual(['xShow']);
    expect(found.open.map(named)).toEqual(['xShow.anything']);
  });

  it('is not whole with a number that nobody explains, or an explanation of none', () => {
    expect(faultsOf(leaf)).toEqual(['Leaf.total has no entry']);
    expect(faultsOf(leaf, { id: 'total' })).toEqual([]);
    expect(faultsOf(leaf, { id: 'leaves', fields: ['Leaf.total'] })).toEqual([]);
    expect(faultsOf(leaf, { id: 'total' }, { id: 'name' })).toEqual(['name of name is in no answer']);
    expect(faultsOf(leaf, { id: 'leaves', fields: ['Branch.total'] })).toEqual([
      'Leaf.total has no entry',
      'Branch.total of leaves is in no answer',
    ]);
  });

  it('is not whole with two explanations of one number', () => {
    const other = { id: 'leaves', fields: ['Leaf.total'] };
    expect(faultsOf(leaf, { id: 'total' }, other)).toEqual([
      'Leaf.total has an entry, and total has one for all answers',
    ]);
    expect(faultsOf(leaf, other, { ...other, id: 'sum' })).toEqual(['Leaf.total is of two entries, leaves and sum']);
    expect(faultsOf(leaf, { id: 'total' }, { id: 'total', fields: [] })).toEqual(['two entries are total']);
  });
});
