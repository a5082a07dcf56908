import type { TSchema } from 'typebox';
import { expectedForm } from './checks.ts';
import type { SettingNotes } from './schema.ts';

interface Shape {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * A text from the environment as the value the schema wants; what cannot be read stays text, and fails the
 * check.
 */
export function fromText(schema: TSchema, text: string): unknown {
  const { type, anyOf, items } = schema as Shape;
  if (anyOf !== undefined)
    return text === 'null' ? null : fromText(anyOf.find((one) => one.type !== 'null') as TSchema, text);
  if (type === 'array') return text.split(',').map((part) => fromText(items as TSchema, part.trim()));
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') {
    if (/^(true|yes|on|1)$/i.test(text)) return true;
    return /^(false|no|off|0)$/i.test(text) ? false : text;
  }
  return text;
}

/** What a value must be, in words. */
export function expectation(schema: TSchema, check?: SettingNotes['check']): string {
  const { type, enum: values, anyOf, items, minimum, maximum } = schema as Shape;
  if (values !== undefined) return `one of ${values.join(', ')}`;
  if (anyOf !== undefined)
    return anyOf
      .map((one) => expectation(one as TSchema, check))
      .reverse()
      .join(' or ');
  if (type === 'array') return `a list, each member ${expectation(items as TSchema, check)}`;
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  if (type === 'number') return `a number from ${minimum} to ${maximum}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'null') return 'null';
  return check === undefined ? 'text' : expectedForm(check);
}
