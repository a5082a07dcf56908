import type { TSchema } from 'typebox';
import { configSchema, type SettingNotes } from './schema.ts';
import { expectation } from './values.ts';

/** One setting as it is documented. */
export interface Setting {
  /** Its place in the file: `tls.cert`. */
  readonly key: string;
  /** Its environment variable: `LIVESTILL_TLS_CERT`. */
  readonly variable: string;
  readonly notes: SettingNotes;
  /** What a value must be, in words. */
  readonly expected: string;
  readonly schema: TSchema;
}

/** What the name of every setting's environment variable begins with. */
export const PREFIX = 'LIVESTILL_';

/** A group of settings as the schema has it. */
export interface ObjectSchema extends TSchema {
  readonly properties: Readonly<Record<string, TSchema & Partial<ObjectSchema>>>;
}

function collect(schema: ObjectSchema, path: readonly string[]): Setting[] {
  return Object.entries(schema.properties).flatMap(([name, member]) => {
    const here = [...path, name];
    if (member.properties !== undefined) return collect(member as ObjectSchema, here);
    const variable = PREFIX + here.map((part) => part.replace(/([A-Z])/g, '_$1').toUpperCase()).join('_');
    return [
      {
        key: here.join('.'),
        variable,
        notes: member as unknown as SettingNotes,
        expected: expectation(member, (member as unknown as SettingNotes).check),
        schema: member,
      },
    ];
  });
}

/** Every setting, in the order of the documentation. */
export const settings: readonly Setting[] = collect(configSchema as unknown as ObjectSchema, []);
