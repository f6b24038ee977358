import type { OpenAPIObject } from '@nestjs/swagger';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<
    Record<string, { readonly schema?: Schema; readonly 'x-events'?: Readonly<Record<string, Schema>> }>
  >;
}

/** A field of an answer, as it is described. */
export interface ShownField {
  /** By name; of a schema without one the operation that answers it. */
  readonly schema: string;
  /** Below the schema: `total`; `range.from` inside an object without a name of its own. */
  readonly field: string;
  readonly operationIds: readonly string[];
}

export interface AnswerFields {
  /** Numbers, lists of numbers, and objects of numbers under any name. */
  readonly numbers: readonly ShownField[];
  /** Objects of which is not said what they hold: there may be numbers in them. */
  readonly open: readonly ShownField[];
}

/** Where numbers stand in answers, errors included, by schema and field. */
export function answerFields(document: OpenAPIObject): AnswerFields {
  const components = (document.components ?? {}) as {
    schemas?: Readonly<Record<string, Schema>>;
    responses?: Readonly<Record<string, Response>>;
  };
  const numbers = new Map<string, ShownField & { operationIds: string[] }>();
  const open: typeof numbers = new Map();

  const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object) as unknown[]);
  for (const { operationId, responses = {} } of operations as {
    operationId: string;
    responses?: Readonly<Record<string, Response>>;
  }[]) {
    const walked = new Set<string>();
    const note = (found: typeof numbers, schema: string, field: string): void => {
      const key = `${schema}.${field}`;
      const { operationIds } = found.get(key) ?? found.set(key, { schema, field, operationIds: [] }).get(key)!;
      if (operationIds.at(-1) !== operationId) operationIds.push(operationId);
    };
    const walk = (part: Schema, schema: string, field: string): void => {
      if (part.$ref !== undefined) {
        const name = nameIn(part.$ref);
        if (walked.has(name)) return;
        walked.add(name);
        walk(components.schemas![name]!, name, '');
        return;
      }
      const { properties, items, additionalProperties, allOf = [], oneOf = [], anyOf = [] } = part;
      const types = [part.type ?? []].flat();
      if (types.includes('number') || types.includes('integer')) note(numbers, schema, field);
      if (additionalProperties === true) note(open, schema, field);
      else if (additionalProperties) walk(additionalProperties, schema, field);
      for (const inner of [items ?? [], allOf, oneOf, anyOf].flat()) walk(inner, schema, field);
      for (const [name, inner] of Object.entries(properties ?? {}))
        walk(inner, schema, field ? `${field}.${name}` : name);
    };
    for (const response of Object.values(responses)) {
      const { content = {} } = response.$ref ? components.responses![nameIn(response.$ref)]! : response;
      for (const { schema, 'x-events': events = {} } of Object.values(content)) {
        for (const part of [schema ?? [], Object.values(events)].flat()) walk(part, operationId, '');
      }
    }
  }
  return { numbers: [...numbers.values()], open: [...open.values()] };
}

const nameIn = (reference: string): string => reference.split('/').at(-1)!;
