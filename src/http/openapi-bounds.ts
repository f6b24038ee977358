import type { OpenAPIObject } from '@nestjs/swagger';

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}
type Schemas = Readonly<Record<string, Schema>>;

const int32 = { least: -2_147_483_648, most: 2_147_483_647 };
/** Nothing longer comes in, so nothing longer goes out. */
const longestText = 65_536;
const mostItems = 10_000;
const lengths: Readonly<Record<string, number>> = { uuid: 36, date: 10, 'date-time': 35 };

/**
 * Says of answers how large their parts can be, so that a client knows what it must hold: what no field of an answer
 * says by itself is true of all of them. Requests are left alone. Their bounds are checked and stand with their fields.
 */
export function boundAnswers(document: OpenAPIObject): void {
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object) as unknown[]) as {
    requestBody?: object;
    responses: object;
  }[];
  const asked = new Set<string>();
  for (const { requestBody } of operations) collect(requestBody, schemas, asked);
  for (const [name, schema] of Object.entries(schemas)) if (!asked.has(name)) bound(schema);
  for (const { responses } of operations) boundAll(responses);
}

/** The names of all schemas that something refers to, and those refer to. */
function collect(part: unknown, schemas: Schemas, names: Set<string>): void {
  if (typeof part !== 'object' || part === null) return;
  const name = (part as Schema).$ref?.split('/').at(-1);
  if (name !== undefined && !names.has(name)) {
    names.add(name);
    collect(schemas[name], schemas, names);
  }
  for (const inner of Object.values(part)) collect(inner, schemas, names);
}

/** Every schema under a response, wherever it stands there. */
function boundAll(part: unknown): void {
  if (typeof part !== 'object' || part === null) return;
  const { schema, ...others } = part as { schema?: Schema; example?: unknown };
  if (schema) bound(schema);
  else for (const [key, inner] of Object.entries(others)) if (key !== 'example') boundAll(inner);
}

function bound(schema: Schema): void {
  const types = [schema.type ?? []].flat();
  if (types.includes('string') && !schema.enum) schema.maxLength ??= lengths[schema.format ?? ''] ?? longestText;
  if (types.includes('array')) schema.maxItems ??= mostItems;
  if (types.includes('integer')) {
    schema.minimum ??= Number.MIN_SAFE_INTEGER;
    schema.maximum ??= Number.MAX_SAFE_INTEGER;
    schema.format ??= schema.minimum >= int32.least && schema.maximum <= int32.most ? 'int32' : 'int64';
  }
  const { properties = {}, items, allOf = [], oneOf = [], anyOf = [] } = schema;
  for (const inner of [...Object.values(properties), items, ...allOf, ...oneOf, ...anyOf]) if (inner) bound(inner);
}
