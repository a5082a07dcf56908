import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { hint } from './checks.ts';
import { configSchema, type SettingNotes } from './schema.ts';
import { type ObjectSchema, settings } from './setting-list.ts';

/** The settings of a configuration file by key; what is wrong with the file becomes a problem. */
export function readFile(path: string, problems: string[]): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  try {
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
    flatten(
      JSON.parse(text),
      configSchema as unknown as ObjectSchema,
      [],
      dirname(resolve(path)),
      found,
      problems,
    );
  } catch (error) {
    problems.push(`${path}: expected a readable JSON file, found: ${(error as Error).message}`);
  }
  return found;
}

function flatten(
  value: unknown,
  schema: ObjectSchema,
  path: readonly string[],
  folder: string,
  found: Map<string, unknown>,
  problems: string[],
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const name = path.length === 0 ? 'the file' : path.join('.');
    problems.push(`${name}: expected an object {…}, found ${JSON.stringify(value)}`);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    const key = [...path, name].join('.');
    if (name === '$schema' && path.length === 0) continue;
    if (!Object.hasOwn(schema.properties, name)) {
      problems.push(
        `${key}: there is no such setting${hint(
          key,
          settings.map((setting) => setting.key),
        )}`,
      );
      continue;
    }
    const inner = schema.properties[name]!;
    const notes = inner as unknown as SettingNotes;
    if (inner.properties !== undefined)
      flatten(member, inner as ObjectSchema, [...path, name], folder, found, problems);
    else if (notes.environmentOnly === true)
      problems.push(`${key}: belongs into the environment, not into a file`);
    else found.set(key, notes.isPath === true ? absolute(member, folder) : member);
  }
}

function absolute(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((member) => absolute(member, folder));
  return typeof value === 'string' && value !== '' ? resolve(folder, value) : value;
}
