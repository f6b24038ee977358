import type { MigrationInterface } from 'typeorm';

/** In the order they run. A file that is missing here fails a rule of the house. */
export const migrations: (new () => MigrationInterface)[] = [];
