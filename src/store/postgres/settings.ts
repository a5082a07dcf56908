import { readFileSync } from 'node:fs';
import { UsageError } from '../../faults.ts';
import type { PostgresSettings } from '../core/postgres-settings.ts';

/** A database's address, taken apart. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** False: no TLS. */
  readonly tls: false | { readonly rejectUnauthorized: boolean; readonly ca?: string };
}

const SSL_MODES = ['disable', 'require', 'verify-full'] as const;

/** Whether a text is the url of a PostgreSQL database, as far as its form goes. */
export function isPostgresUrl(text: string): boolean {
  try {
    const { protocol, pathname, searchParams } = new URL(text);
    return (
      (protocol === 'postgres:' || protocol === 'postgresql:') &&
      pathname.length > 1 &&
      [...searchParams.keys()].every((name) => name === 'sslmode' || name === 'host') &&
      (SSL_MODES as readonly string[]).includes(searchParams.get('sslmode') ?? 'disable')
    );
  } catch {
    return false;
  }
}

/**
 * The parts of a database's url. Without `sslmode` a server on this machine is spoken to in the clear, every
 * other one over TLS with its certificate checked (`verify-full`); `require` is TLS without that check.
 * @throws {UsageError} `store_url` when it is none; the message holds nothing of it. `store_ca` when the file
 * cannot be read
 */
export function addressOf({ url, password, caFile }: PostgresSettings): PostgresAddress {
  if (!isPostgresUrl(url)) {
    throw new UsageError(
      'store_url',
      'the store: expected postgres://user:password@host:port/database, found something else (not shown)',
    );
  }
  const { hostname, port, username, password: own, pathname, searchParams } = new URL(url);
  const host =
    searchParams.get('host') ?? (decodeURIComponent(hostname).replace(/^\[|\]$/g, '') || 'localhost');
  const isLocal = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host);
  const mode = searchParams.get('sslmode') ?? (isLocal ? 'disable' : 'verify-full');
  const verify = { rejectUnauthorized: mode === 'verify-full' };
  return {
    host,
    port: Number(port || 5432),
    user: decodeURIComponent(username) || 'livestill',
    password: password ?? (own === '' ? undefined : decodeURIComponent(own)),
    database: decodeURIComponent(pathname.slice(1)),
    tls: mode === 'disable' ? false : caFile === null ? verify : { ...verify, ca: readCa(caFile) },
  };
}

/** Where a database is, for people: no password in it. */
export function shownAddress(settings: PostgresSettings): string {
  const { host, port, user, database } = addressOf({ ...settings, caFile: null });
  return `postgres://${user}@${host}:${port}/${database}`;
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError('store_ca', `${path} cannot be read (${(cause as Error).message})`, { cause });
  }
}

/** The settings of a PostgreSQL database with this url, `ca` being a path as in the configuration. */
export function postgresSettings(
  url: string,
  { ca, ...others }: Omit<PostgresSettings, 'url' | 'caFile'> & { readonly ca: string | null },
): PostgresSettings {
  return { url, caFile: ca, ...others };
}
