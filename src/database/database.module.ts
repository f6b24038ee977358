import { DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Config } from '../config.js';
import { Clock } from './clock.js';
import { Database } from './database.js';

/** The connection is opened and closed by whoever starts the process: it must outlive everything that Nest stops. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(source: DataSource, clock: Clock): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        { provide: DataSource, useValue: source },
        { provide: Clock, useValue: clock },
        {
          provide: Database,
          inject: [Config],
          useFactory: ({ database }: Config) => {
            const logger = new Logger('Database');
            return new Database(source, {
              prepared: !database.pooler,
              onStatement: ({ statement, durationSeconds, rows }) => {
                if (durationSeconds < database.slowStatementSeconds) return;
                logger.warn({ message: 'slow statement', statement, durationSeconds, rows });
              },
            });
          },
        },
      ],
      exports: [DataSource, Clock, Database],
    };
  }
}
