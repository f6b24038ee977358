/** What a person is told of a column, in plain words; with SQL where it is not simply the column `t.<name>`. */
export type Told = string | readonly [sql: string, words: string];

/** Rows of a table that are told to a person. */
export interface Section {
  /** Its name in the JSON. */
  readonly name: string;
  readonly title: string;
  /** Columns that hold the person; any of them will do. */
  readonly of?: readonly string[];
  /** Where the person does not stand in the row: a condition on `t`, the tenant $1 and the person $2. */
  readonly where?: string;
  /** Columns with their types that tell the rows of a person apart, in the order in which they are told. */
  readonly key: Readonly<Record<string, string>>;
  /** Of the audit: what of a row is encrypted under the person's key, and told in plain. */
  readonly sealed?: 'details' | 'origin';
  /** By the column of the table, or by a name of its own where it comes with SQL. */
  readonly tells: Readonly<Record<string, Told>>;
}

/** Rows that an erasure deletes, or columns that it sets, of the people in $2. */
export interface Erasing {
  readonly of?: readonly string[];
  /** As in a section; $2 are the people, as an array. */
  readonly where?: string;
  /** By column what comes in its place, in SQL; left out: the rows are deleted. */
  readonly sets?: Readonly<Record<string, string>>;
}

/** Of one table: where people are in it, what they are told of it, and what becomes of it when they are erased. */
export interface Place {
  readonly table: string;
  /** All columns that hold people. */
  readonly people: readonly string[];
  readonly sections?: readonly Section[];
  /** Why nothing is told; or, by column, why this text is not. */
  readonly untold?: string | Readonly<Record<string, string>>;
  readonly erases?: readonly Erasing[];
  /** Texts with their types in which others may have named the person; the names are taken out, and the rest stays. */
  readonly mentions?: Readonly<Record<string, 'text' | 'text[]' | 'jsonb'>>;
  /** The step of its own that does it, where it takes more than that. */
  readonly step?: string;
  /** What stays, and why. */
  readonly stays?: string;
}

/** What stands where a person has been. */
export const erasedName = 'Erased person';
export const erasedText = 'This text was removed.';

export const id = { id: 'Its id' } as const;
export const byId = { id: 'uuid' } as const;
export const created = { created_at: 'When it was made' } as const;
export const numbersStay = 'Numbers without names: statistics must stay what they were. They belong to the tombstone.';
