import type { Response } from 'supertest';
import { startApp, type TestApp } from './app.js';
import { type Callers, createCallers } from './callers.js';
import { exampleOf, type Operation, operations, type Parameter, resolve, type Schema, typesOf } from './operations.js';

/** Every operation that `openapi.json` names, with what it was not made for. */
let app: TestApp;
let callers: Callers;
beforeAll(async () => {
  app = await startApp();
  callers = await createCallers(app);
});
afterAll(() => app.stop());

const writing = operations.filter(({ body }) => body !== null);
const privileged = ['tenantId', 'role', 'isAdmin', 'permissions', 'scopes', 'createdAt', 'passwordHash', 'surprise'];

const example = ({ body, bodyExample }: Operation): Record<string, unknown> =>
  (bodyExample ?? exampleOf(body!)) as Record<string, unknown>;

/** A list may be given as `a,b` or one by one. */
const isSingle = ({ in: place, schema }: Parameter): boolean => place === 'query' && schema.type !== 'array';

const send = (operation: Operation, text: string, type = 'application/json'): PromiseLike<Response> =>
  callers.call(operation).set('content-type', type).send(text);

/** Pointers to every place in an example where an object with known fields stands, and those fields. */
function places(given: Schema, value: unknown, pointer = ''): { pointer: string; fields: string[] }[] {
  const schema = resolve(given);
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.length === 0 ? [] : places(schema.items ?? {}, value[0], `${pointer}/0`);
  const properties = schema.properties;
  if (!properties) return [];
  const inner = Object.entries(properties).flatMap(([name, property]) =>
    places(property, (value as Record<string, unknown>)[name], `${pointer}/${name}`),
  );
  return [{ pointer, fields: Object.keys(properties) }, ...inner];
}

/** The JSON of a value with more text at the beginning of the object that the pointer names. */
function inserted(value: unknown, pointer: string, text: string): string {
  const mark = '0f9d7c1e';
  const copy = structuredClone(value);
  const target = pointer
    .split('/')
    .slice(1)
    .reduce((part, step) => (part as Record<string, unknown>)[step], copy) as Record<string, unknown>;
  target[mark] = 0;
  return JSON.stringify(copy).replace(`"${mark}":0`, text);
}

it('knows what to write everywhere', () => {
  expect(writing.length).toBeGreaterThan(8);
  expect(writing.filter((operation) => typesOf(operation.body!)[0] !== 'object')).toEqual([]);
});

describe.each(writing.map((operation) => [operation.name, operation] as const))('%s', (_, operation) => {
  const value = example(operation);

  it('takes no field that it does not name, at any depth', async () => {
    for (const { pointer, fields } of places(operation.body!, value)) {
      const names = privileged.filter((name) => !fields.includes(name));
      const response = await send(
        operation,
        inserted(value, pointer, names.map((name) => `"${name}":"admin"`).join(',')),
      );
      expect(response.status).toBeLessThan(500);
      for (const name of names) {
        expect(response.text).toContain(`{"pointer":"${pointer}/${name}","code":"field_unknown"`);
      }
    }
  });

  it('is not moved by names that objects have of themselves', async () => {
    const names = ['__proto__', 'constructor', 'prototype'];
    for (const { pointer } of places(operation.body!, value)) {
      for (const name of names) {
        const response = await send(operation, inserted(value, pointer, `"${name}":{"polluted":true,"role":"admin"}`));
        expect(response.status).toBeLessThan(500);
        expect(response.text).toMatch(
          new RegExp(`\\{"pointer":"${pointer}/${name}","code":"field_(forbidden|unknown)"`),
        );
      }
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reads JSON that says it is, and nothing else', async () => {
    const text = JSON.stringify(value);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'x/json',
    ]) {
      expect([type, (await send(operation, text, type)).status]).toEqual([type, 415]);
    }
    for (const text of [
      '',
      'null',
      '[]',
      '"text"',
      '1',
      '{',
      '{"a":1}}',
      `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    ]) {
      const { status, body } = await send(operation, text);
      expect([text.slice(0, 20), status, (body as { code: string }).code]).toEqual(
        [text.slice(0, 20), 400, expect.stringMatching(/^(body_malformed|request_invalid)$/)], // prettier-ignore
      );
    }
  });

  it('answers shortly to a body full of mistakes', async () => {
    const mistakes = Array.from({ length: 50_000 }, (_, index) => `"x${index}":1`).join(',');
    for (const { pointer } of places(operation.body!, value)) {
      const response = await send(operation, inserted(value, pointer, mistakes));
      expect(response.status).toBeLessThan(500);
      expect(response.text.length).toBeLessThan(50_000);
    }
  });
});

describe.each(operations.map((operation) => [operation.name, operation] as const))('%s', (_, operation) => {
  it('is not moved by a query that names what objects have', async () => {
    const query = '?__proto__[polluted]=1&__proto__=x&constructor.prototype.polluted=1&constructor[prototype]=1';
    const response = await callers.call(operation, query);
    expect(response.status).toBeLessThan(500);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('refuses a parameter that is given twice', async () => {
    for (const { name, schema } of operation.parameters.filter(isSingle)) {
      const value = encodeURIComponent(String(exampleOf(schema)));
      const response = await callers.call(operation, `?${name}=${value}&${name}=${value}`);
      expect([name, response.status]).toEqual([name, 400]);
    }
  });

  it('is what its method says, whatever a header or a parameter says', async () => {
    const headers = ['x-http-method-override', 'x-http-method', 'x-method-override'];
    const call = callers.call(operation, '?_method=DELETE');
    for (const name of headers) call.set(name, 'DELETE');
    const plain = await callers.call(operation, '?_method=DELETE');
    expect((await call).status).toBe(plain.status);
  });
});
