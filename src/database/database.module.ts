import { DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Config } from '../config.js';
import { Clock } from './clock.js';
import { Database } from './database.js';
import { OwnerDatabase } from './owner-database.js';

interface Sources {
  readonly source: DataSource;
  readonly owner: DataSource;
  readonly clock: Clock;
}

/** The connection is opened and closed by whoever starts the process: it must outlive everything that Nest stops. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot({ source, owner, clock }: Sources): DynamicModule {
    const open = ({ database }: Config, of: DataSource, isPooled: boolean): Database => {
      const logger = new Logger('Database');
      return new Database(of, {
        prepared: !isPooled,
        onStatement: ({ statement, durationSeconds, rows }) => {
          if (durationSeconds < database.slowStatementSeconds) return;
          logger.warn({ message: 'slow statement', statement, durationSeconds, rows });
        },
      });
    };
    return {
      module: DatabaseModule,
      providers: [
        { provide: DataSource, useValue: source },
        { provide: Clock, useValue: clock },
        {
          provide: Database,
          inject: [Config],
          useFactory: (config: Config) => open(config, source, config.database.pooler),
        },
        {
          provide: OwnerDatabase,
          inject: [Config, Database],
          useFactory: (config: Config, database: Database) =>
            owner === source ? database : open(config, owner, false),
        },
      ],
      exports: [DataSource, Clock, Database, OwnerDatabase],
    };
  }
}
