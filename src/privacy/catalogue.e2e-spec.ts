import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { catalogue } from './catalogue.js';

const word = 'a word or code of the program';
const ids = 'ids, numbers or instants';
const own = 'its step clears it';
const sealed = 'encrypted under the key of whom it is about, or about nobody';

/** Texts of listed tables that names are not looked for in, each with its reason. */
const wordless: Readonly<Record<string, string>> = {
  'threshold_changes.actor_role': word,
  'access_requests.position': ids,
  'access_requests.error': word,
  'erasures.held_by': word,
  'erasures.step': word,
  'erasures.sought': own,
  'submissions.status': word,
  'grade_changes.from_exemption': word,
  'grade_changes.to_exemption': word,
  'grade_changes.actor_role': word,
  'grade_batches.actor_role': word,
  'risk_evaluations.model_version': word,
  'risk_evaluations.inputs': ids,
  'risk_evaluations.contributions': ids,
  'interventions.dismissal': word,
  'messages.error': word,
  'messages.send_local': ids,
  'messages.waves': ids,
  'message_recipients.variables': own,
  'deliveries.channel': word,
  'audit_entries.actor_role': word,
  'audit_entries.action': word,
  'audit_entries.target_type': word,
  'audit_entries.target_id': ids,
  'audit_entries.request_id': ids,
  'audit_entries.address': sealed,
  'audit_entries.agent': sealed,
  'audit_entries.before': sealed,
  'audit_entries.after': sealed,
  'audit_entries.reason': sealed,
  'report_files.digest': word,
  'report_files.kind': word,
  'report_files.viewer': ids,
  'report_files.position': own,
  'report_files.error': word,
  'report_files.options': word,
  'report_files.occasion': ids,
  'report_schedules.kind': word,
  'report_schedules.period': word,
  'outbox.topic': word,
  'outbox.key': ids,
  'job_runs.job': word,
  'job_runs.occasion': ids,
  'job_runs.key': ids,
  'question_days.question_id': 'what a module calls its question',
};

/** Tables and views with people in them that the catalogue leaves out, each with its reason. */
const leftOut: Readonly<Record<string, string>> = {
  api_keys: 'its `replaced_by` is another key',
  instructor_dashboard_summary: 'sums, made anew from tables that are in the catalogue',
  instructor_performance: 'sums, made anew from tables that are in the catalogue',
  user_learning_summary: 'counts, made anew from tables that are in the catalogue',
};

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly isPartition: boolean;
  /** Whether it refers to a person, or to a row that is a person's. */
  readonly refersTo: string | null;
  /** One of a few words that a constraint lists. */
  readonly isListed: boolean;
}

/** Ids of people that no foreign key watches are told by their names. */
const personal =
  /^(user|student|instructor|owner|actor|subject|person|sender|other|supervisor|substitute|recipient)_ids?$|_by$|^(recipients)$/;

let db: TestDatabase;
let columns: Column[];

beforeAll(async () => {
  db = await createTestDatabase();
  columns = await db.database.many<Column>(
    `-- test.listPersonalColumns
    with recursive people (relation, attribute) as (
      select 'users'::regclass::oid, a.attnum from pg_attribute a where a.attrelid = 'users'::regclass and a.attname = 'id'
      union
      select c.conrelid, own.attnum
      from people p
      join pg_constraint c on c.contype = 'f' and c.confrelid = p.relation
      cross join lateral unnest(c.conkey, c.confkey) as own (attnum, other)
      where own.other = p.attribute
    )
    select t.relname::text as "table", a.attname::text as name, format_type(a.atttypid, null) as type,
      t.relispartition as "isPartition",
      (select relation::regclass::text from people p where p.relation = t.oid and p.attribute = a.attnum) as "refersTo",
      exists (
        select from pg_constraint c where c.conrelid = t.oid and c.contype = 'c' and c.conkey = array[a.attnum]
          and pg_get_constraintdef(c.oid) ~ '= ANY \\(\\(?ARRAY'
      ) as "isListed"
    from pg_class t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p', 'm')
    order by 1, a.attnum`,
  );
  columns = columns.filter(({ isPartition }) => !isPartition);
});
afterAll(() => db.drop());

const isOfPerson = ({ name, type, refersTo }: Column): boolean =>
  refersTo !== null || (/^uuid(\[\])?$/.test(type) && personal.test(name));
const isText = ({ type }: Column): boolean => /^(text|jsonb?|character varying)(\[\])?$/.test(type);
const places = new Map(catalogue.map((place) => [place.table, place]));
const columnsOf = (table: string): Column[] => columns.filter((column) => column.table === table);

describe('the catalogue of where people are', () => {
  it('lists every table that refers to a person, or says why not', () => {
    const tables = new Set(columns.filter(isOfPerson).map(({ table }) => table));
    expect([...tables].filter((table) => !places.has(table) && !(table in leftOut))).toEqual([]);
    expect(tables.size).toBeGreaterThan(40);
  });

  it('names every column of theirs that holds a person', () => {
    const unnamed = columns
      .filter((column) => isOfPerson(column) && places.has(column.table))
      .filter(({ table, name }) => !places.get(table)!.people.includes(name));
    expect(unnamed.map(({ table, name }) => `${table}.${name}`)).toEqual([]);
  });

  it('tells every text of them, or says why not', () => {
    const silent = catalogue.flatMap(({ table, sections = [], untold }) =>
      columnsOf(table)
        .filter((column) => isText(column) && !column.isListed)
        .filter(({ name }) => !sections.some(({ tells }) => name in tells))
        .filter(({ name }) => typeof untold !== 'string' && untold?.[name] === undefined)
        .map(({ name }) => `${table}.${name}`),
    );
    expect(silent).toEqual([]);
  });

  it('says of every table what an erasure does with it', () => {
    const silent = catalogue.filter(({ erases, step, stays }) => !erases && !step && !stays);
    expect(silent.map(({ table }) => table)).toEqual([]);
    const unsaid = catalogue.filter(({ erases, stays }) => erases?.some(({ sets }) => sets) && !stays);
    expect(unsaid.map(({ table }) => table)).toEqual([]);
  });

  it('says of every text of a table that stays whether names are looked for in it', () => {
    const isCleared = (table: string, name: string): boolean => {
      const { erases = [], mentions = {}, step } = places.get(table)!;
      return step === 'bury' || erases.some(({ sets }) => !sets || name in sets) || name in mentions;
    };
    const open = catalogue.flatMap(({ table }) =>
      columnsOf(table)
        .filter((column) => isText(column) && !column.isListed && !isCleared(table, column.name))
        .map(({ name }) => `${table}.${name}`),
    );
    expect(open).toEqual(Object.keys(wordless));
  });

  it('names nothing that is not there, and nothing twice', () => {
    expect(places.size).toBe(catalogue.length);
    const named = catalogue.flatMap(({ table, people, sections = [], untold = {}, erases = [], mentions = {} }) =>
      [
        ...people,
        ...sections.flatMap(({ of = [], key, tells }) => [
          ...of,
          ...Object.keys(key),
          ...Object.entries(tells).flatMap(([name, told]) => (typeof told === 'string' ? [name] : [])),
        ]),
        ...(typeof untold === 'string' ? [] : Object.keys(untold)),
        ...erases.flatMap(({ of = [], sets = {} }) => [...of, ...Object.keys(sets)]),
        ...Object.keys(mentions),
      ].map((name) => ({ table, name })),
    );
    const wrong = named.filter(({ table, name }) => !columnsOf(table).some((column) => column.name === name));
    expect(wrong).toEqual([]);
    const mistyped = catalogue.flatMap(({ table, mentions = {} }) =>
      columnsOf(table).filter(({ name, type }) => name in mentions && mentions[name] !== type),
    );
    expect(mistyped).toEqual([]);
    expect(Object.keys(leftOut).filter((table) => columnsOf(table).length === 0)).toEqual([]);
    const sections = catalogue.flatMap((place) => place.sections ?? []).map(({ name }) => name);
    expect(new Set(sections).size).toBe(sections.length);
  });
});
