import { readFileSync } from 'node:fs';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: { readonly type?: string; readonly enum?: readonly string[]; readonly items?: { readonly enum?: string[] } }; // prettier-ignore
}

/** Of a route, below the prefix: `/analytics/modules?from=2026-01-01`. */
export interface AnalyticsQuestion {
  readonly route: string;
  readonly path: string;
}

/** Values that parameters of a name are tried with, one after the other; enumerations bring their own. */
export type Samples = Readonly<Record<string, readonly string[]>>;

const asked = /^\/api\/v1(\/(?:analytics|dashboard|metrics|views|leaderboards?)(?:\/.*)?)$/;

/** Everything that can be read of analytics: each route alone, and with each of its parameters that a sample is known of. */
export function analyticsQuestions(samples: Samples): AnalyticsQuestion[] {
  const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
    paths: Record<string, Record<string, { parameters?: Parameter[] }>>;
  };
  return Object.entries(paths).flatMap(([template, { get }]) => {
    const route = asked.exec(template)?.[1];
    if (route === undefined || !get) return [];
    const { parameters = [] } = get;
    const valuesOf = ({ name, schema }: Parameter): readonly string[] =>
      samples[name] ?? schema?.enum ?? schema?.items?.enum ?? (schema?.type === 'boolean' ? ['true', 'false'] : []);
    const first = (where: string): string[][] =>
      parameters
        .filter((one) => one.in === where && one.required)
        .map((one): [string, string] => [one.name, valuesOf(one)[0] ?? '']);
    const path = first('path').reduce((text, [name, value]) => text.replace(`{${name}}`, value!), route);
    const needed = first('query');
    const known = parameters.filter((one) => one.in === 'query' && !one.required);
    const period = known.filter(({ name }) => name === 'from').map((one): string[] => [one.name, valuesOf(one)[0]!]);
    // another period has an end as well
    const ended = (one: Parameter): string[][] =>
      known
        .filter(({ name }) => one.name.endsWith('From') && name === one.name.replace(/From$/, 'To'))
        .map((end): string[] => [end.name, valuesOf(end)[0]!]);
    const variants = known.flatMap((one) =>
      valuesOf(one).map((value) => [...period, ...ended(one), [one.name, value]]),
    );
    const texts = [[], period, ...variants].map((variant) => {
      const query = new URLSearchParams(
        Object.fromEntries([...needed, ...variant]) as Record<string, string>,
      ).toString();
      return `${path}${query && `?${query}`}`;
    });
    return [...new Set(texts)].map((text) => ({ route, path: text }));
  });
}
