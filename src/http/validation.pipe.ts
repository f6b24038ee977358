import { type ArgumentMetadata, Injectable, Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { type ValidationError, validateSync } from 'class-validator';
import { isStorable, unsafeText } from './body.js';
import { type Field, fieldsOf, idSchema, isId } from './fields.js';
import { type FieldError, mostErrors, pointerStep, Problem } from './problem.js';

type Class = new () => object;
type Plain = Readonly<Record<string, unknown>>;

const prefixes = { body: '', query: '/query', param: '/path' } as const;
/** Queries repeat; beyond this many different ones of a class the memory is emptied. */
const rememberedQueries = 1_000;

/**
 * Makes DTOs of bodies, queries and path parameters, or refuses with a pointer to everything that is wrong. A query's
 * DTO is frozen and remembered by its text, so what a query class checks must depend on that text alone.
 */
@Injectable()
export class ValidationPipe implements PipeTransform {
  private readonly queries = new Map<Class, Map<string, object>>();

  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    if (type === 'custom') return value;
    const dto = metatype as Class | undefined;
    if (!dto || fieldsOf(dto).size === 0) {
      if (typeof value === 'string' && !isStorable(value)) {
        throw Problem.invalid([unsafeText(prefixes[type] + pointerStep(data ?? ''))]);
      }
      return value;
    }
    return type === 'query' ? this.query(dto, value as Plain) : check(dto, value, type === 'param', prefixes[type]);
  }

  private query(type: Class, value: Plain): object {
    let known = this.queries.get(type);
    if (!known) this.queries.set(type, (known = new Map<string, object>()));
    const text = JSON.stringify(value);
    let query = known.get(text);
    if (!query) {
      query = check(type, value, true, prefixes.query);
      Object.values(query).forEach(Object.freeze);
      if (known.size >= rememberedQueries) known.clear();
      known.set(text, Object.freeze(query));
    }
    return query;
  }
}

/**
 * A part of a body whose class another part tells.
 * @param pointer where in the body it stands
 * @throws Problem 400 with a pointer to everything that is wrong
 */
export function validated<T extends object>(type: new () => T, value: unknown, pointer: string): T {
  return check(type, value, false, pointer) as T;
}

function check(type: Class, value: unknown, isText: boolean, prefix: string): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw Problem.invalid([{ pointer: prefix, code: 'value_invalid', detail: 'must be a JSON object' }]);
  }
  const errors: FieldError[] = [];
  const instance = instantiate(type, value as Plain, isText, prefix, errors);
  if (errors.length < mostErrors) collect(validateSync(instance, { stopAtFirstError: true }), prefix, errors);
  if (errors.length > 0) throw Problem.invalid(errors);
  return instance;
}

/** Copies known fields into an instance; says so of all others. */
function instantiate(type: Class, value: Plain, isText: boolean, pointer: string, errors: FieldError[]): object {
  const fields = fieldsOf(type);
  const instance = new type() as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    if (errors.length >= mostErrors) break;
    const here = pointer + pointerStep(key);
    const field = fields.get(key);
    const given = value[key];
    if (!field) {
      errors.push({ pointer: here, code: 'field_unknown', detail: 'There is no such field here.' });
    } else if (isText && typeof given === 'string' && !isStorable(given)) {
      errors.push(unsafeText(here));
    } else {
      instance[key] = read(field, given, isText, here, errors);
    }
  }
  return instance;
}

function read(field: Field, value: unknown, isText: boolean, pointer: string, errors: FieldError[]): unknown {
  if (isText) return field.parse && typeof value === 'string' ? field.parse(value) : value;
  if (!field.nested) return value;
  const type = field.nested();
  const nested = (item: unknown, here: string): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? instantiate(type, item as Plain, false, here, errors)
      : item;
  return Array.isArray(value)
    ? value.map((item, index) => nested(item, pointer + pointerStep(index)))
    : nested(value, pointer);
}

function collect(failures: readonly ValidationError[], pointer: string, errors: FieldError[]): void {
  for (const { property, value, constraints, children } of failures) {
    if (errors.length >= mostErrors) break;
    const here = pointer + pointerStep(property);
    if (errors.some((error) => error.pointer === here)) continue;
    if (children?.length) collect(children, here, errors);
    else if (value === undefined) errors.push({ pointer: here, code: 'value_missing', detail: 'must be given' });
    else errors.push({ pointer: here, code: 'value_invalid', detail: Object.values(constraints ?? {})[0] ?? '' });
  }
}

/** A path parameter that is a UUID; anything else is a 400 and never reaches the database. */
export function IdParam(name = 'id'): ParameterDecorator {
  const pipe: PipeTransform<string, string> = {
    transform: (value) => {
      if (isId(value)) return value;
      throw Problem.invalid([{ pointer: `/path/${name}`, code: 'value_invalid', detail: 'must be a UUID' }]);
    },
  };
  return (target, key, index) => {
    Param(name, pipe)(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key !== undefined && descriptor) ApiParam({ name, schema: idSchema })(target, key, descriptor);
  };
}
