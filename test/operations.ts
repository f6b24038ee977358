import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `openapi.json` says, in the form that tests ask it: so they cover operations that nobody had thought of. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly additionalProperties?: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
}

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
  readonly security?: readonly object[];
  readonly 'x-permission'?: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Operation {
  /** `post /api/v1/segments` */
  readonly name: string;
  readonly method: string;
  /** With `{id}` in it. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Of a JSON body; null where none is taken. */
  readonly body: Schema | null;
  readonly bodyExample: unknown;
  /** Whether its answer does not end by itself. */
  readonly isStream: boolean;
  readonly isPublic: boolean;
  readonly permission: string | null;
}

export const document = JSON.parse(readFileSync(join(import.meta.dirname, '../openapi.json'), 'utf8')) as Document;

export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]): Operation => {
    const media = described.requestBody?.content['application/json'];
    return {
      name: `${method} ${path}`,
      method,
      path,
      parameters: described.parameters ?? [],
      body: media?.schema ? resolve(media.schema) : null,
      bodyExample: media?.example,
      isStream: described.responses['200']?.content?.['text/event-stream'] !== undefined,
      isPublic: described.security?.length === 0,
      permission: described['x-permission'] ?? null,
    };
  }),
);

/** What a reference stands for. */
export function resolve(schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)!;
    const found = document.components.schemas[name];
    if (!found) throw new Error(`there is no schema ${schema.$ref}`);
    return resolve(found);
  }
  if (schema.allOf?.length === 1) return { ...resolve(schema.allOf[0]!), ...schema, allOf: undefined };
  return schema;
}

export function typesOf(schema: Schema): readonly string[] {
  return [schema.type ?? []].flat();
}

const ofFormat: Readonly<Record<string, string>> = {
  uuid: '0198f000-0000-7000-8000-00000000000f',
  date: '2026-02-27',
  'date-time': '2026-02-27T09:30:00Z',
  email: 'someone@example.org',
  uri: 'https://example.org/',
};

/** A value that the schema allows, as far as it says: all properties, or the required ones alone. */
export function exampleOf(given: Schema, which: 'all' | 'required' = 'all'): unknown {
  const schema = resolve(given);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  const [type] = typesOf(schema);
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => which === 'all' || schema.required?.includes(name))
          .map(([name, property]) => [name, exampleOf(property, which)]),
      );
    case 'array':
      return Array.from({ length: Math.max(1, schema.minItems ?? 1) }, () => exampleOf(schema.items ?? {}, which));
    case 'integer':
    case 'number':
      return schema.minimum !== undefined && schema.minimum > -1_000_000 ? schema.minimum : 1;
    case 'boolean':
      return false;
    case 'string':
      return ofFormat[schema.format ?? ''] ?? 'text'.padEnd(schema.minLength ?? 0, '.').slice(0, schema.maxLength);
    default:
      return {};
  }
}

/** The path with every parameter in its place. */
export function urlOf({ path, parameters }: Operation): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(String(exampleOf(parameter?.schema ?? { type: 'string', format: 'uuid' })));
  });
}
