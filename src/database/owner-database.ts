import { Database } from './database.js';

/**
 * The database as the role that owns the tables, for the few jobs that change their shape or take away what is only ever
 * added to. Its transactions are its own: a statement of `Database` does not join them. Where there is one role for all
 * it is the `Database`; in a process that was not given the owner's URL its statements are refused.
 */
export abstract class OwnerDatabase extends Database {}
