import { swc } from './test/typescript.js';

/** Tests run as native ES modules; swc strips the types, `npm run check` looks at them. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: swc, module: { type: 'es6' } }],
    // ESM-only packages that CommonJS dependencies `require`; Jest cannot do that with the originals.
    'node_modules/(content-disposition|cookie)/.+\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['node_modules/(?!(content-disposition|cookie)/)'],
  // .mts: Jest leaves these to Node instead of transforming them to CommonJS, which could not import the sources
  globalSetup: '<rootDir>/test/global-setup.mts',
  globalTeardown: '<rootDir>/test/global-teardown.mts',
  setupFilesAfterEnv: ['<rootDir>/test/statements.ts'],
  reporters: ['default', '<rootDir>/test/statements.reporter.mts', '<rootDir>/test/audit-effects.reporter.mts'],
  maxWorkers: 2,
  // native modules are never let go of: a worker that has loaded the product thirty times does little but collect garbage
  workerIdleMemoryLimit: '1200MB',
  testTimeout: 30_000,
};
