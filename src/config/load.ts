import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { expectedForm, formProblem, hasForm, nearest } from './checks.ts';
import { type Config, configSchema, type SettingNotes } from './schema.ts';

export type { Config } from './schema.ts';

/** The configuration cannot be used; `problems` holds one line for each setting that is wrong. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

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

/** Where the configuration comes from, the strongest first: command line, environment, file, defaults. */
export interface ConfigSources {
  /** By key (`adminPort`, `tls.cert`); undefined members are left out of account. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Path of a JSON file; without it the one named by `LIVESTILL_CONFIG`, if any. */
  readonly file?: string | undefined;
}

/** A setting with its value and where that came from. */
export interface SettingValue {
  readonly setting: Setting;
  readonly value: unknown;
  /** `default`, `file`, the variable's name, or `command line`. */
  readonly source: string;
}

const prefix = 'LIVESTILL_';
const fileVariable = 'LIVESTILL_CONFIG';

interface ObjectSchema extends TSchema {
  readonly properties: Readonly<Record<string, TSchema & Partial<ObjectSchema>>>;
}

function collect(schema: ObjectSchema, path: readonly string[]): Setting[] {
  return Object.entries(schema.properties).flatMap(([name, member]) => {
    const here = [...path, name];
    if (member.properties !== undefined) return collect(member as ObjectSchema, here);
    const variable = prefix + here.map((part) => part.replace(/([A-Z])/g, '_$1').toUpperCase()).join('_');
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

/**
 * Read, check and freeze the configuration.
 * @throws ConfigError with one line for every unknown key and every wrong value: key, where it came from, what was
 * expected, what was found
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  return nest(explainConfig(sources)) as unknown as Config;
}

/**
 * As `loadConfig`, setting by setting with the source of each value.
 * @throws ConfigError
 */
export function explainConfig(sources: ConfigSources = {}): readonly SettingValue[] {
  const environment = sources.environment ?? {};
  const problems: string[] = [];
  const path = sources.file ?? (environment[fileVariable] || undefined);
  const fromFile = path === undefined ? new Map<string, unknown>() : readFile(path, problems);
  refuseUnknownVariables(environment, problems);
  for (const key of Object.keys(sources.overrides ?? {})) {
    if (!settings.some((setting) => setting.key === key)) problems.push(`${key}: there is no such setting`);
  }
  const values = settings.map((setting) =>
    settingValue(setting, sources.overrides ?? {}, environment, fromFile),
  );
  for (const value of values) check(value, problems);
  if (problems.length === 0) checkTogether(new Map(values.map((v) => [v.setting.key, v.value])), problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
}

/** The configuration as nested JSON, fit to be a configuration file: secrets are left out. */
export function printableConfig(values: readonly SettingValue[]): Readonly<Record<string, unknown>> {
  return nest(values.filter(({ setting }) => setting.notes.isSecret !== true));
}

/** The configuration in force as JSON for the admin log: secrets are left out. */
export function configForRecord(config: Config): Readonly<Record<string, unknown>> {
  const inForce = (key: string) =>
    key.split('.').reduce<unknown>((place, name) => (place as Record<string, unknown>)[name], config);
  return printableConfig(
    settings.map((setting) => ({ setting, value: inForce(setting.key), source: 'in force' })),
  );
}

function settingValue(
  setting: Setting,
  overrides: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  fromFile: ReadonlyMap<string, unknown>,
): SettingValue {
  if (overrides[setting.key] !== undefined)
    return { setting, value: overrides[setting.key], source: 'command line' };
  for (const name of [setting.variable, setting.notes.alias]) {
    const text = name === undefined ? undefined : environment[name];
    if (name === undefined || text === undefined || text === '' || isFromKubernetes(name, text)) continue;
    return { setting, value: fromText(setting.schema, text), source: name };
  }
  if (fromFile.has(setting.key)) return { setting, value: fromFile.get(setting.key), source: 'file' };
  return { setting, value: setting.notes.default, source: 'default' };
}

function check({ setting, value, source }: SettingValue, problems: string[]): void {
  const { key, schema, notes } = setting;
  const origin = source === 'default' ? '' : ` (${source})`;
  if (Check(schema, value) && (notes.check === undefined || hasForm(notes.check, value))) return;
  const more = notes.check === undefined || notes.isSecret === true ? '' : formProblem(notes.check, value);
  problems.push(`${key}${origin}: expected ${setting.expected}, found ${shown(value, notes)}${more}`);
}

function checkTogether(values: ReadonlyMap<string, unknown>, problems: string[]): void {
  if ((values.get('tls.cert') === null) !== (values.get('tls.key') === null)) {
    problems.push('tls.cert, tls.key: expected both or none, found only one of them');
  }
  const [low, high] = [values.get('review.low'), values.get('review.high')];
  if ((low === null) !== (high === null)) {
    problems.push('review.low, review.high: expected both or none, found only one of them');
  } else if (typeof low === 'number' && typeof high === 'number' && low >= high) {
    problems.push(`review.low, review.high: expected the first below the second, found ${low} and ${high}`);
  }
  const port = values.get('port');
  if (port !== 0 && port === values.get('adminPort') && values.get('host') === values.get('adminHost')) {
    problems.push(
      `port, adminPort: expected two different ports on ${String(values.get('host'))}, found ${String(port)} twice`,
    );
  }
}

function readFile(path: string, problems: string[]): ReadonlyMap<string, unknown> {
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

function refuseUnknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): void {
  const known = [fileVariable, ...settings.map((setting) => setting.variable)];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || known.includes(name) || isFromKubernetes(name, value ?? '')) continue;
    problems.push(`${name}: there is no such environment variable${hint(name, known)}`);
  }
}

/** Kubernetes hands every container variables about a service named `livestill`: `LIVESTILL_PORT=tcp://…` and more. */
function isFromKubernetes(name: string, value: string): boolean {
  return (
    /^LIVESTILL_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /^LIVESTILL_PORT_\d+_(TCP|UDP)/.test(name) ||
    (name === 'LIVESTILL_PORT' && /^(tcp|udp):\/\//.test(value))
  );
}

function hint(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? '' : `. Did you mean ${candidate}?`;
}

function shown(value: unknown, notes: SettingNotes): string {
  return notes.isSecret === true ? 'something else (not shown)' : JSON.stringify(value);
}

interface Shape {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A text from the environment as the value the schema wants; what cannot be read stays text, and fails the check. */
function fromText(schema: TSchema, text: string): unknown {
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

function expectation(schema: TSchema, check?: SettingNotes['check']): string {
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

function nest(values: readonly SettingValue[]): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = {};
  for (const { setting, value } of values) {
    const path = setting.key.split('.');
    let place = root;
    for (const name of path.slice(0, -1)) {
      place[name] ??= {};
      place = place[name] as Record<string, unknown>;
    }
    place[path.at(-1)!] = Array.isArray(value) ? Object.freeze([...value]) : value;
  }
  for (const member of Object.values(root)) Object.freeze(member);
  return Object.freeze(root);
}
