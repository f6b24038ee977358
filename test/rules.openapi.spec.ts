import { readFile } from 'node:fs/promises';
import { createDataSource } from '../ormconfig.js';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { buildOpenApi } from '../src/http/openapi.js';

interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: object;
}
interface Schema {
  readonly $ref?: string;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
  readonly 'x-permission'?: string;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

describe('rule 13: the interface is described', () => {
  let text: string;
  let document: Document;
  let operations: [string, Operation][];

  beforeAll(async () => {
    const source = createDataSource({ url: 'postgres://unused', poolSize: 1, pooler: false, applicationName: 'test' });
    const app = await createApp(readConfig({ NODE_ENV: 'test', LOG_LEVEL: 'silent' }), { source, preview: true });
    text = `${JSON.stringify(buildOpenApi(app), null, 2)}\n`;
    document = JSON.parse(text) as Document;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
    );
  });

  const failing = (isGood: (operation: Operation) => boolean): string[] =>
    operations.filter(([, operation]) => !isGood(operation)).map(([name]) => name);

  it('has in openapi.json what the code says (else: npm run openapi)', async () => {
    expect(await readFile('openapi.json', 'utf8')).toBe(text);
  });

  it('gives every operation a summary and an operationId of its own', () => {
    expect(operations.length).toBeGreaterThan(2);
    expect(failing(({ summary, operationId }) => Boolean(summary && operationId))).toEqual([]);
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('says of every operation who may', () => {
    const isSaid = ({ description = '', security, ...operation }: Operation): boolean =>
      /^[a-z-]+:[a-z-]+$/.test(operation['x-permission'] ?? '') ||
      security?.length === 0 ||
      description.endsWith('For every signed-in viewer.');
    expect(failing(isSaid)).toEqual([]);
  });

  it('lists the refusals of every operation', () => {
    const isListed = ({ responses, security }: Operation): boolean =>
      ['400', '500', '503', ...(security?.length === 0 ? [] : ['401', '403'])].every((status) => status in responses);
    expect(failing(isListed)).toEqual([]);
  });

  it('says 404 wherever the path names one of something', () => {
    const unsaid = operations.filter(([name, { responses }]) => name.includes('{') && !('404' in responses));
    expect(unsaid.map(([name]) => name)).toEqual([]);
  });

  it('shows an example of every operation: of its request or of its answer', () => {
    const hasOwn = (schema: Schema, depth = 4): boolean => {
      if (depth === 0) return false;
      const { example, items, properties } = schema.$ref
        ? document.components.schemas[schema.$ref.split('/').at(-1)!]!
        : schema;
      return (
        example !== undefined ||
        [items, ...Object.values(properties ?? {})].some((one) => one && hasOwn(one, depth - 1))
      );
    };
    const isShown = ({ example, examples, schema }: Media): boolean =>
      example !== undefined || examples !== undefined || (schema !== undefined && hasOwn(schema));
    const hasExample = ({ requestBody, responses }: Operation): boolean => {
      const success = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      // nothing comes in and nothing goes out
      if (!requestBody && success.every(([, { content }]) => !content)) return true;
      const media = [requestBody, ...success.map(([, response]) => response)];
      return media.some((one) => Object.values(one?.content ?? {}).some(isShown));
    };
    expect(failing(hasExample)).toEqual([]);
  });

  it('describes every field of every request', () => {
    const used = operations.flatMap(([, { requestBody }]) =>
      Object.values(requestBody?.content ?? {}).map(({ schema }) => schema?.$ref?.split('/').at(-1)),
    );
    const bare = used.flatMap((name) =>
      Object.entries(document.components.schemas[name ?? '']?.properties ?? {})
        .filter(([, property]) => !(property as { description?: string }).description)
        .map(([property]) => `${name}.${property}`),
    );
    expect(bare).toEqual([]);
  });
});
