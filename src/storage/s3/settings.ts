import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Fault, UsageError } from '../../faults.ts';

/** How S3-compatible storage is reached: the `s3` group of the configuration. */
export interface S3Settings {
  /** Where it is: an origin. Nothing else is contacted. */
  readonly endpoint: string;
  readonly region: string;
  /** The bucket stands in the path, not in the host's name. */
  readonly pathStyle: boolean;
  readonly accessKeyId: string | null;
  readonly secretAccessKey: string | null;
  readonly sessionToken: string | null;
  /** A file with the keys, in the form of AWS' own credentials file; read again when it changes. */
  readonly credentialsFile: string | null;
  /** PEM file with the authority that signed the server's certificate. */
  readonly ca: string | null;
  /** For one request, in ms. */
  readonly timeoutMs: number;
}

/** Keys that requests are signed with. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

/**
 * The keys as they are now; null: requests are not signed (public buckets). They come from the settings or
 * the file alone: no service of the machine or the network is asked for any.
 * @throws {Fault} `storage_unavailable` `s3_refused` when the file cannot be used
 */
export type KeySource = () => Promise<S3Keys | null>;

/**
 * Where the keys come from.
 * @throws {UsageError} `s3_keys` when only one of both is set
 */
export function keySource(settings: S3Settings): KeySource {
  const { accessKeyId, secretAccessKey, sessionToken, credentialsFile } = settings;
  if ((accessKeyId === null) !== (secretAccessKey === null)) {
    throw new UsageError(
      's3_keys',
      's3.accessKeyId, s3.secretAccessKey: expected both or none, found only one of them',
    );
  }
  if (accessKeyId !== null && secretAccessKey !== null) {
    const keys = { accessKeyId, secretAccessKey, sessionToken };
    return async () => keys;
  }
  return credentialsFile === null ? async () => null : keysOfFile(credentialsFile);
}

function keysOfFile(path: string): KeySource {
  let known: { readonly at: string; readonly keys: S3Keys } | null = null;
  return async () => {
    try {
      const { mtimeMs, ino } = await stat(path);
      const at = `${mtimeMs} ${ino}`;
      if (known?.at !== at) known = { at, keys: readKeys(await readFile(path, 'utf8')) };
      return known.keys;
    } catch (cause) {
      const { message } = cause as Error;
      throw new Fault(
        'storage_unavailable',
        's3_refused',
        `S3: s3.credentialsFile ${path} cannot be used: ${message}`,
        { cause },
      );
    }
  };
}

/** The keys of the section `[default]`, or of a file without sections. */
function readKeys(text: string): S3Keys {
  const members = new Map<string, string>();
  let section = 'default';
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    if (trimmed.startsWith('[')) {
      section = trimmed.slice(1).split(']', 1)[0]?.trim() ?? '';
      continue;
    }
    const at = trimmed.indexOf('=');
    if (section === 'default' && at > 0)
      members.set(trimmed.slice(0, at).trim().toLowerCase(), trimmed.slice(at + 1).trim());
  }
  const accessKeyId = members.get('aws_access_key_id');
  const secretAccessKey = members.get('aws_secret_access_key');
  if (!accessKeyId || !secretAccessKey)
    throw new Error('expected aws_access_key_id and aws_secret_access_key in the section [default]');
  return { accessKeyId, secretAccessKey, sessionToken: members.get('aws_session_token') || null };
}

/**
 * The file with the authority; undefined where there is none.
 * @throws {UsageError} `s3_ca`
 */
export function readCa(path: string | null): string | undefined {
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError('s3_ca', `s3.ca: ${path} cannot be read (${(cause as Error).message})`, { cause });
  }
}
