import './test/typescript.js';

/**
 * Node itself runs the tests, in two processes that load the product once: Jest's own runner would load it anew for each
 * file (961 s for all where this took 806). So what a file changes of the process it must put back.
 */
export default {
  runner: 'jest-light-runner/child-process',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  globalSetup: '<rootDir>/test/global-setup.mts',
  globalTeardown: '<rootDir>/test/global-teardown.mts',
  setupFiles: ['<rootDir>/test/typescript.js'],
  setupFilesAfterEnv: ['<rootDir>/test/runner.ts'],
  reporters: ['default', '<rootDir>/test/statements.reporter.mts', '<rootDir>/test/audit-effects.reporter.mts'],
  maxWorkers: 2,
};
