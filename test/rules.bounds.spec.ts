import { document, operations, resolve, type Schema, typesOf } from './operations.js';

/** Where something of a request has no end, with the name of what is missing. */
function unbounded(given: Schema, where: string, seen: readonly Schema[] = []): string[] {
  const schema = resolve(given);
  if (seen.includes(schema)) return [];
  const inside = [...seen, schema];
  const found: string[] = [];
  for (const type of typesOf(schema)) {
    if (type === 'string' && !schema.enum && schema.maxLength === undefined) found.push(`${where}: maxLength`);
    if (type === 'integer' || type === 'number') {
      if (schema.minimum === undefined) found.push(`${where}: minimum`);
      if (schema.maximum === undefined) found.push(`${where}: maximum`);
    }
    if (type === 'array') {
      if (schema.maxItems === undefined) found.push(`${where}: maxItems`);
      found.push(...unbounded(schema.items ?? {}, `${where}[]`, inside));
    }
  }
  if (typesOf(schema).length === 0 && !schema.enum) found.push(`${where}: type`);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    found.push(...unbounded(property, `${where}.${name}`, inside));
  }
  return found;
}

describe('what comes in has an end', () => {
  it('in every body', () => {
    const bodies = operations.filter(({ body }) => body);
    expect(bodies.length).toBeGreaterThan(5);
    expect(bodies.flatMap(({ name, body }) => unbounded(body!, name))).toEqual([]);
  });

  it('in every parameter of path, query and header', () => {
    const parameters = operations.flatMap((operation) =>
      operation.parameters.map(({ name, schema }) => ({ where: `${operation.name} ${name}`, schema })),
    );
    expect(parameters.length).toBeGreaterThan(20);
    expect(parameters.flatMap(({ where, schema }) => unbounded(schema, where))).toEqual([]);
  });

  it('and names every part of the path that can vary', () => {
    const named = operations.flatMap(({ name, path, parameters }) =>
      [...path.matchAll(/\{(\w+)\}/g)]
        .filter(([, part]) => !parameters.some((parameter) => parameter.in === 'path' && parameter.name === part))
        .map(([, part]) => `${name} ${part}`),
    );
    expect(named).toEqual([]);
  });
});

it('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/([^"]*)"/g)];
  const components = document.components as unknown as Record<string, Record<string, unknown>>;
  expect(references.length).toBeGreaterThan(100);
  expect(references.filter(([, kind, name]) => !components[kind!]?.[name!]).map(([all]) => all)).toEqual([]);
});
