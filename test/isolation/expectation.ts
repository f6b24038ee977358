import type { Fixture } from './fixture.js';
import type { Actor, Kind, Role, Row } from './plan.js';

/** A status, or a status and what must stand in the answer. */
export type Verdict = number | readonly [status: number, text: string];

export interface Sent {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of a body of JSON. */
  readonly form?: Readonly<Record<string, string>>;
  readonly csv?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One way to call an operation: where the id (or the name, or the address …) of the target goes. */
export interface Case {
  /** Tried with a row of this kind from every place; left out: the call names nothing. */
  readonly target?: Kind;
  readonly send?: (row: Row, fixture: Fixture, actor: Actor) => Sent | Promise<Sent>;
  /** What is answered about a row within the actor's reach. */
  readonly own: Verdict | ((row: Row, actor: Actor) => Verdict);
  /** What is answered about any other: the same, whether it is somebody else's or does not exist. */
  readonly foreign?: Verdict | ((row: Row, actor: Actor) => Verdict);
  /** Which rows this is about for whom; those that the actor may see unless told. */
  readonly reaches?: (actor: Actor, row: Row) => boolean;
  /** What is within reach is used up or taken: each call gets a row of its own. */
  readonly spare?: true;
  /** As whom the answer is looked at, where a call itself says who one is. */
  readonly shownTo?: Role;
  /** Why an answer about somebody else's may differ from one about what does not exist. */
  readonly differs?: string;
}

export interface Expectation {
  /** Who may, by role; others get 401 or 403. `everyone` includes nobody: the operation is public. */
  readonly may: 'everyone' | readonly Role[];
  readonly cases: readonly Case[];
}

/** By operationId. */
export type Expectations = Readonly<Record<string, Expectation>>;

export const staff = ['instructor', 'substitute', 'supervisor', 'admin'] as const;
export const members = ['student', ...staff, 'service'] as const;
export const signedIn = [...members, 'service without the scope', 'operator'] as const;

export const owned = ({ viewer }: Actor, row: Row): boolean => row.personId === viewer?.userId;
