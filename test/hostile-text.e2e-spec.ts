import type { Response } from 'supertest';
import { startApp, type TestApp } from './app.js';
import { type Callers, createCallers } from './callers.js';
import { inUrl, nasty } from './nasty.js';
import { exampleOf, type Operation, operations, resolve, typesOf } from './operations.js';
import fc from './property.js';

/** Every place for text in every operation, with text that somebody may have meant badly. */
let app: TestApp;
let callers: Callers;
const log: string[] = [];
beforeAll(async () => {
  app = await startApp({ log });
  callers = await createCallers(app);
});
afterAll(() => app.stop());

const runs = { numRuns: 12 };

function understood({ status, text }: Response): void {
  if (status >= 500) throw new Error(`${status} ${text} ${log.findLast((line) => line.includes('"level":"error"'))}`);
}

const parameters = operations.flatMap((operation) =>
  operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name }) => [`${operation.name} ?${name}`, operation, name] as const),
);
const fields = operations
  .filter(({ body }) => body)
  .flatMap((operation) =>
    Object.entries(operation.body!.properties ?? {})
      .filter(([, schema]) => typesOf(resolve(schema)).includes('string'))
      .map(([name]) => [`${operation.name} ${name}`, operation, name] as const),
  );
const paths = operations
  .filter(({ path }) => path.includes('{'))
  .map((operation) => [operation.name, operation] as const);

it.each(parameters)('%s', async (_, operation, name) => {
  const property = fc.asyncProperty(nasty, async (text) =>
    understood(await callers.call(operation, `?${name}=${inUrl(text)}`)),
  );
  await fc.assert(property, runs);
});

it.each(fields)('%s', async (_, operation, name) => {
  const example = (operation.bodyExample ?? exampleOf(operation.body!)) as object;
  const property = fc.asyncProperty(nasty, async (text) =>
    understood(await callers.call(operation).send({ ...example, [name]: text })),
  );
  await fc.assert(property, runs);
});

it.each(paths)('the path of %s', async (_, operation: Operation) => {
  const property = fc.asyncProperty(nasty, async (text) => {
    const path = operation.path.replaceAll(/\{\w+\}/g, () => inUrl(text) || 'x');
    understood(await callers.call({ ...operation, path }));
  });
  await fc.assert(property, runs);
});
