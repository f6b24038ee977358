import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';

/**
 * The fields of request classes. Every property of a DTO has exactly one of these decorators, which makes it known,
 * checks it, documents it and says how it is read from text. Checks of class-validator may stand beside it.
 *
 * In bodies nothing is converted: `"12"` is not an integer. In queries and paths, where everything is text, only the
 * plain form is read: `12`, and not `0x10`, `1e1`, `+1` or ` 1`.
 */
export interface FieldOptions {
  readonly description: string;
  readonly example?: unknown;
  /** May be left out. Give the property an initial value and name it here for the documentation. */
  readonly optional?: boolean;
  /** May be `null`. */
  readonly nullable?: boolean;
  readonly default?: unknown;
}

type Class = new () => object;

/** What the pipe must know about a property. */
export interface Field {
  /** Reads the text of a query or path; what it cannot read it leaves as it is, so that the check refuses it. */
  readonly parse?: (text: string) => unknown;
  readonly nested?: () => Class;
}

interface Kind {
  readonly name: string;
  readonly expectation: string;
  readonly test: (value: unknown) => boolean;
  readonly parse?: (text: string) => unknown;
  readonly schema: ApiPropertyOptions;
}

const FIELDS = Symbol('fields');

/** All fields of a DTO, inherited ones included. */
export function fieldsOf(type: object): ReadonlyMap<string, Field> {
  return (Reflect.getMetadata(FIELDS, type) as Map<string, Field> | undefined) ?? new Map<string, Field>();
}

function declareField(field: Field): PropertyDecorator {
  return (target, key) => {
    const fields = new Map(fieldsOf(target.constructor));
    Reflect.defineMetadata(FIELDS, fields.set(String(key), field), target.constructor);
  };
}

/** `null` where it is not allowed must fail, which `IsOptional` of class-validator would let pass. */
function presence({ optional, nullable }: FieldOptions): PropertyDecorator[] {
  if (!optional && !nullable) return [];
  return [ValidateIf((_, value: unknown) => !((optional && value === undefined) || (nullable && value === null)))];
}

function document(schema: ApiPropertyOptions, options: FieldOptions): PropertyDecorator {
  const { description, example, optional, nullable } = options;
  const shown = { ...schema, description, example, required: !optional, default: options.default };
  return ApiProperty((nullable ? { ...shown, nullable } : shown) as ApiPropertyOptions);
}

function field(kind: Kind, options: FieldOptions): PropertyDecorator {
  const { name, expectation, test, parse, schema } = kind;
  return applyDecorators(
    declareField({ parse }),
    ...presence(options),
    ValidateBy({ name, validator: { validate: test, defaultMessage: () => expectation } }),
    document(schema, options),
  );
}

const int32 = { min: -2_147_483_648, max: 2_147_483_647 };

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number; bounded by the column type where no bounds are given. */
export function Int(options: FieldOptions & Bounds): PropertyDecorator {
  const { min = int32.min, max = int32.max } = options;
  return field(
    {
      name: 'int',
      expectation: `must be a whole number from ${min} to ${max}`,
      test: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
      parse: (text) => (/^-?(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : text),
      schema: { type: 'integer', format: max > int32.max ? 'int64' : 'int32', minimum: min, maximum: max },
    },
    options,
  );
}

interface DecimalOptions {
  /** Of digits after the point; what has more is refused and not rounded. */
  readonly places?: number;
}

/** A number with a fraction, such as a score. */
export function Decimal(options: FieldOptions & Required<Bounds> & DecimalOptions): PropertyDecorator {
  const { min, max, places } = options;
  const isInPlaces = (value: number): boolean => places === undefined || Number(value.toFixed(places)) === value;
  return field(
    {
      name: 'decimal',
      expectation: `must be a number from ${min} to ${max}${places === undefined ? '' : ` with ${places} decimals at most`}`,
      test: (value) =>
        Number.isFinite(value) && (value as number) >= min && (value as number) <= max && isInPlaces(value as number),
      parse: (text) => (/^-?(0|[1-9]\d{0,9})(\.\d{1,6})?$/.test(text) ? Number(text) : text),
      schema: { type: 'number', minimum: min, maximum: max },
    },
    options,
  );
}

export function Flag(options: FieldOptions): PropertyDecorator {
  return field(
    {
      name: 'flag',
      expectation: 'must be true or false',
      test: (value) => typeof value === 'boolean',
      parse: (text) => (text === 'true' ? true : text === 'false' ? false : text),
      schema: { type: 'boolean' },
    },
    options,
  );
}

interface TextOptions {
  /** In UTF-16 units; 1 unless told, and then more than white space is wanted. */
  readonly min?: number;
  readonly max: number;
  readonly pattern?: RegExp;
}

function text({ min = 1, max, pattern }: TextOptions): Kind {
  return {
    name: 'text',
    expectation: `must be text of ${min} to ${max} characters${pattern ? ` that matches ${pattern.source}` : ''}`,
    test: (value) =>
      typeof value === 'string' &&
      value.length >= min &&
      value.length <= max &&
      (min === 0 || value.trim() !== '') &&
      (!pattern || pattern.test(value)),
    schema: { type: 'string', minLength: min, maxLength: max, pattern: pattern?.source },
  };
}

export function Text(options: FieldOptions & TextOptions): PropertyDecorator {
  return field(text(options), options);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isId(value: unknown): boolean {
  return typeof value === 'string' && uuid.test(value);
}

export const idSchema = { type: 'string', format: 'uuid', maxLength: 36 } as const;
const id: Kind = { name: 'id', expectation: 'must be a UUID', test: isId, schema: idSchema };

export function Id(options: FieldOptions): PropertyDecorator {
  return field(id, options);
}

/** A calendar day, `2026-11-20`, that exists. */
export function isDay(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day <= (month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
}

export function Day(options: FieldOptions): PropertyDecorator {
  const expectation = 'must be a day, as in 2026-11-20';
  return field(
    { name: 'day', expectation, test: isDay, schema: { type: 'string', format: 'date', maxLength: 10 } },
    options,
  );
}

const time = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/**
 * An RFC 3339 date and time with its offset; without one it would be somebody's guess. In UTC, too, its year has four
 * digits: as others are answered, nobody could send them back.
 */
export function isInstant(value: unknown): boolean {
  const match = typeof value === 'string' ? time.exec(value) : null;
  if (match === null || !isDay(match[1])) return false;
  const [text, , , fraction = ''] = match;
  // rounded as PostgreSQL does
  const milliseconds = Math.floor(Math.round(Number(fraction) * 1e6) / 1e3);
  const year = new Date(Date.parse(text.replace(fraction, '')) + milliseconds).getUTCFullYear();
  return year >= 1 && year <= 9999;
}

export function Instant(options: FieldOptions): PropertyDecorator {
  const expectation = 'must be a date and time with offset, as in 2026-11-20T08:30:00Z';
  const schema: ApiPropertyOptions = { type: 'string', format: 'date-time', maxLength: 35 };
  return field({ name: 'instant', expectation, test: isInstant, schema }, options);
}

function oneOf(values: readonly string[]): Kind {
  return {
    name: 'oneOf',
    expectation: `must be one of ${values.join(', ')}`,
    test: (value) => values.includes(value as string),
    schema: { type: 'string', enum: [...values] },
  };
}

export function OneOf(values: readonly string[], options: FieldOptions): PropertyDecorator {
  return field(oneOf(values), options);
}

interface ListOptions {
  readonly min?: number;
  readonly max: number;
}

/** A JSON array in bodies, `a,b,c` in queries. */
function list(kind: Kind, options: FieldOptions & ListOptions): PropertyDecorator {
  const { min = 1, max } = options;
  return field(
    {
      name: 'list',
      expectation: `must be a list of ${min} to ${max}, each of which ${kind.expectation}`,
      test: (value) =>
        Array.isArray(value) && value.length >= min && value.length <= max && value.every((item) => kind.test(item)),
      parse: (value) => value.split(',').map((item) => kind.parse?.(item) ?? item),
      schema: { type: 'array', items: kind.schema, minItems: min, maxItems: max } as ApiPropertyOptions,
    },
    options,
  );
}

export const IdList = (options: FieldOptions & ListOptions): PropertyDecorator => list(id, options);

export const OneOfList = (values: readonly string[], options: FieldOptions & ListOptions): PropertyDecorator =>
  list(oneOf(values), options);

export const TextList = (options: FieldOptions & ListOptions & { item: TextOptions }): PropertyDecorator =>
  list(text(options.item), options);

/** An object that is a DTO of its own. */
export function Nested(type: () => Class, options: FieldOptions): PropertyDecorator {
  return applyDecorators(
    declareField({ nested: type }),
    ...presence(options),
    ValidateBy({
      name: 'object',
      validator: { validate: (value) => value instanceof type(), defaultMessage: () => 'must be an object' },
    }),
    ValidateNested(),
    // a class is told from a function that finds it by that function's name
    document({ type: () => type() }, options),
  );
}

/** An array of objects, each of which is checked as `type`. */
export function NestedList(type: () => Class, options: FieldOptions & ListOptions): PropertyDecorator {
  const { min = 1, max } = options;
  const test = (value: unknown): boolean =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every((item) => item instanceof type());
  return applyDecorators(
    declareField({ nested: type }),
    ...presence(options),
    ValidateBy({
      name: 'list',
      validator: { validate: test, defaultMessage: () => `must be a list of ${min} to ${max} objects` },
    }),
    ValidateNested({ each: true }),
    document({ type: () => [type()], minItems: min, maxItems: max } as ApiPropertyOptions, options),
  );
}

/**
 * An array whose items the route checks by itself, one by one, because an item at fault must not fail the others or
 * because there are thousands. Only its length is checked here; `type` documents the items.
 */
export function RawList(type: () => Class, options: FieldOptions & ListOptions): PropertyDecorator {
  const { min = 1, max } = options;
  const test = (value: unknown): boolean => Array.isArray(value) && value.length >= min && value.length <= max;
  return applyDecorators(
    declareField({}),
    ...presence(options),
    ValidateBy({
      name: 'list',
      validator: { validate: test, defaultMessage: () => `must be a list of ${min} to ${max}` },
    }),
    document({ type: () => [type()], minItems: min, maxItems: max } as ApiPropertyOptions, options),
  );
}

/** A JSON object whose inside is the client's own, stored as it is. Its depth is bounded by the body's. */
export function FreeForm(options: FieldOptions & { maxBytes: number }): PropertyDecorator {
  const { maxBytes } = options;
  return field(
    {
      name: 'freeForm',
      expectation: `must be a JSON object of at most ${maxBytes} bytes`,
      test: (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Buffer.byteLength(JSON.stringify(value)) <= maxBytes,
      schema: { type: 'object', additionalProperties: true },
    },
    options,
  );
}
