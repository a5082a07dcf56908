import { type Command, Option } from 'commander';
import { API_KEY_SCOPES, type ApiKeySummary, DEFAULT_SCOPES } from '../../account/api-key/api-key.ts';
import { makeApiKey } from '../../console/apps.ts';
import type { Store } from '../../store/open.ts';
import { duration, gather } from '../shared/arguments.ts';
import { type Outcome, pairs } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';

/** The options of `livestill key create` that are about API keys. */
export interface ApiKeyOptions {
  readonly kind?: 'secret' | 'api';
  readonly name?: string;
  readonly scope?: readonly string[];
  readonly network?: readonly string[];
  readonly expiresIn?: number;
}

/**
 * `--kind`, for commands that work on both kinds of keys; with `both` as the default it is one of the
 * choices.
 */
export function kindOption(standard: 'secret' | 'both' = 'secret'): Option {
  return new Option(
    '--kind <name>',
    'secret: a SecretId/SecretKey pair of the old API; api: a key of the v1 API',
  )
    .choices(standard === 'both' ? ['secret', 'api', 'both'] : ['secret', 'api'])
    .default(standard);
}

/** Adds the options of `ApiKeyOptions`. */
export function withApiKeyOptions(command: Command): Command {
  return command
    .addOption(kindOption())
    .option('--name <text>', 'api: what people call the key (default: "API key")')
    .option(
      '--scope <name>',
      `api: what it may be used for, may be repeated: ${API_KEY_SCOPES.join(', ')} (default: ${DEFAULT_SCOPES.join(', ')})`,
      gather,
    )
    .option(
      '--network <cidr>',
      'api: from where it may be used, may be repeated (default: from everywhere)',
      gather,
    )
    .option('--expires-in <duration>', 'api: it ends after this time: 90d, 12h (default: never)', duration);
}

/** Whether an id is that of an API key. */
export function isApiKeyId(id: string): boolean {
  return /^lsk_[A-Za-z0-9]{12}$/.test(id);
}

/** Makes an API key and shows it, this once. */
export async function createApiKey(store: Store, appid: string, options: ApiKeyOptions): Promise<Outcome> {
  const { name, scope: scopes, network: networks, expiresIn } = options;
  const expiresAt = expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1000);
  const made = await makeApiKey(store.apiKeys, appid, { name, scopes, networks, expiresAt });
  const { apiKey, summary } = made;
  return {
    text: `An API key for ${appid}:\n\n${pairs([
      ['id', summary.keyId],
      ['API key', `${apiKey}   (shown this once: keep it safe)`],
      ['may', summary.scopes.join(', ')],
      ['from', summary.networks.join(', ') || 'everywhere'],
      ['ends', summary.expiresAt?.toISOString() ?? 'never'],
    ])}`,
    json: { apiKey, ...summary },
  };
}

/** API keys as a table for people. */
export function apiKeysTable(keys: readonly ApiKeySummary[]): string {
  const rows = keys.map((key) => [
    key.keyId,
    key.enabled ? 'enabled' : 'disabled',
    key.scopes.join(' '),
    key.networks.join(' ') || 'everywhere',
    key.expiresAt?.toISOString() ?? '-',
    key.lastUsedAt?.toISOString() ?? 'never',
    key.name,
  ]);
  const titles = ['id', 'state', 'scopes', 'from', 'ends', 'last used', 'name'];
  const table = createTable(
    titles.map((title) => ({ title })),
    rows,
  );
  return [table.head, ...rows.map((row) => table.line(row))].join('\n');
}
