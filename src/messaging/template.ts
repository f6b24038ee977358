import { type FieldError, mostErrors, Problem } from '../http/problem.js';

export const contentTypes = ['text', 'markdown', 'html'] as const;
export type ContentType = (typeof contentTypes)[number];

/** All that may stand between double braces, and what it stands for. There is no other code in templates. */
export const variables = {
  firstName: 'the first word of the name of the recipient',
  name: 'the name of the recipient',
  'sender.name': 'the name of the sender',
  'assignment.title': 'the title of the assignment that the message is about',
  'assignment.dueAt': 'when that is due for the recipient, in the time zone of the organisation',
} as const;
export type Variable = keyof typeof variables;
export type Values = Readonly<Partial<Record<Variable, string | null>>>;

/** A name between double braces. */
const braced = /\{\{([^{}]*)\}\}/g;
const longestShown = 40;

/** Values are words and never markup, whatever somebody is called. */
const escapes: Readonly<Record<ContentType, (value: string) => string>> = {
  text: (value) => value,
  markdown: (value) => value.replace(/[\\`*_{}[\]<>()#+\-.!|~&]/g, '\\$&'),
  html: escapeHtml,
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

function isVariable(name: string): name is Variable {
  return Object.hasOwn(variables, name);
}

/** The variables of some texts, each once. @throws Problem 422 for each that there is none of, saying where it stands */
export function variablesOf(texts: Readonly<Record<string, string>>): Variable[] {
  const used = new Set<Variable>();
  const errors: FieldError[] = [];
  for (const [field, text] of Object.entries(texts)) {
    for (const { 0: written, 1: name, index } of text.matchAll(braced)) {
      const variable = name!.trim();
      if (isVariable(variable)) used.add(variable);
      else {
        const detail = `${written.slice(0, longestShown)} at character ${index + 1} is none of ${Object.keys(variables).join(', ')}`;
        errors.push({ pointer: `/${field}`, code: 'variable_unknown', detail });
      }
    }
  }
  if (errors.length === 0) return [...used];
  throw new Problem(422, 'variable_unknown', {
    detail: 'A variable is not known.',
    errors: errors.slice(0, mostErrors),
  });
}

/** @param values of the recipient; null: there is nothing to be put in, and braces are braces */
export function render(text: string, contentType: ContentType, values: Values | null): string {
  if (values === null) return text;
  return text.replace(braced, (written, name: string) => {
    const variable = name.trim();
    return isVariable(variable) ? escapes[contentType](values[variable] ?? '') : written;
  });
}
