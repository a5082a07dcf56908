import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../faults.ts';
import { createKeyFile } from '../core/keys/key-file.ts';
import type { PostgresSettings } from '../core/postgres-settings.ts';
import { holdName, type Lease } from './name-lease.ts';

const FILE_NAME = 'node.name';
const FORM = /^[A-Za-z0-9._-]{1,64}$/;
const PATTERN = /^[A-Za-z0-9._-]{1,58}\*$/;

/** What a node's name is found with. */
export interface Naming {
  readonly dataDir: string;
  /** The setting: a name, or one that ends with an asterisk. */
  readonly given: string | undefined;
  readonly settings: PostgresSettings;
  readonly onTrouble: (error: Error) => void;
}

/** The name that a node writes its chain under, as long as it runs. */
export type NodeName = Lease;

/**
 * The name under which this node writes its chain: the one given; for one that ends with an asterisk the
 * first number in its place that no other running node has; else that in the data folder's file `node.name`,
 * which is made of the machine's name and a random part where it is missing.
 * @throws {UsageError} `node_name` when it has another form
 * @throws {Error} the system's errors, and the server's
 */
export async function takeNodeName({ dataDir, given, settings, onTrouble }: Naming): Promise<NodeName> {
  const name = given ?? kept(join(dataDir, FILE_NAME));
  if (FORM.test(name)) return { name, release: async () => {} };
  if (PATTERN.test(name)) return holdName(name.slice(0, -1), settings, onTrouble);
  throw new UsageError(
    'node_name',
    `the node's name: expected 1 to 64 letters, digits, dots, underscores and hyphens, or up to 58 of them and an asterisk, found ${JSON.stringify(name.slice(0, 80))}`,
  );
}

function kept(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const host = hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 40);
  createKeyFile(path, `${host}-${randomBytes(4).toString('hex')}\n`);
  return readFileSync(path, 'utf8').trim();
}
