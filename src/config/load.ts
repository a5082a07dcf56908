import { Check } from 'typebox/value';
import { formProblem, hasForm, hint } from './checks.ts';
import { readFile } from './file.ts';
import type { Config, SettingNotes } from './schema.ts';
import { PREFIX, type Setting, settings } from './setting-list.ts';
import { fromText } from './values.ts';

export type { Config } from './schema.ts';
export { type Setting, settings } from './setting-list.ts';

/** The configuration cannot be used; `problems` holds one line for each setting that is wrong. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
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

const FILE_VARIABLE = `${PREFIX}CONFIG`;

/**
 * Read, check and freeze the configuration.
 * @throws {ConfigError} with one line for every unknown key and every wrong value: key, where it came from,
 * what was expected, what was found
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  return nest(explainConfig(sources)) as unknown as Config;
}

/**
 * As `loadConfig`, setting by setting with the source of each value.
 * @throws {ConfigError} as `loadConfig`
 */
export function explainConfig(sources: ConfigSources = {}): readonly SettingValue[] {
  const environment = sources.environment ?? {};
  const problems: string[] = [];
  const path = sources.file ?? (environment[FILE_VARIABLE] || undefined);
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
  if (values.get('console.url') === '*')
    problems.push('console.url: expected one origin such as https://livestill.example.org, found "*"');
  checkOidc((name) => values.get(`console.oidc.${name}`), problems);
  const port = values.get('port');
  if (port !== 0 && port === values.get('adminPort') && values.get('host') === values.get('adminHost')) {
    problems.push(
      `port, adminPort: expected two different ports on ${String(values.get('host'))}, found ${String(port)} twice`,
    );
  }
}

function checkOidc(of: (name: string) => unknown, problems: string[]): void {
  if (of('clientSecret') !== null && of('clientSecretFile') !== null)
    problems.push(
      'console.oidc.clientSecret, console.oidc.clientSecretFile: expected one of them, found both',
    );
  if (of('issuer') === null) return;
  if (of('clientId') === null) problems.push('console.oidc.clientId: expected text with console.oidc.issuer');
  if (!(of('scopes') as readonly string[]).includes('openid'))
    problems.push('console.oidc.scopes: expected "openid" among them');
  if ((of('origins') as readonly string[]).includes('*'))
    problems.push('console.oidc.origins: expected origins by name, found "*"');
  const groups = ['administrators', 'operators', 'auditors', 'viewers'].flatMap(of);
  if (groups.length === 0 && of('others') === 'refuse')
    problems.push(
      'console.oidc: nobody could sign in: name groups (administrators, operators, auditors, viewers), or set others to viewer',
    );
}

function refuseUnknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): void {
  const known = [FILE_VARIABLE, ...settings.map((setting) => setting.variable)];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || known.includes(name) || isFromKubernetes(name, value ?? '')) continue;
    problems.push(`${name}: there is no such environment variable${hint(name, known)}`);
  }
}

/**
 * Kubernetes hands every container variables about a service named `livestill`: `LIVESTILL_PORT=tcp://…` and
 * more.
 */
function isFromKubernetes(name: string, value: string): boolean {
  return (
    /^LIVESTILL_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /^LIVESTILL_PORT_\d+_(TCP|UDP)/.test(name) ||
    (name === 'LIVESTILL_PORT' && /^(tcp|udp):\/\//.test(value))
  );
}

function shown(value: unknown, notes: SettingNotes): string {
  return notes.isSecret === true ? 'something else (not shown)' : JSON.stringify(value);
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
