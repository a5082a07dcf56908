import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../faults.ts';
import { createKeyFile } from '../core/keys/key-file.ts';

const FILE_NAME = 'node.name';
const FORM = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The name under which this node writes its chain: the one given, else that in the data folder's file
 * `node.name`, which is made of the machine's name and a random part where it is missing.
 * @throws {UsageError} `node_name` when it has another form
 * @throws {Error} the system's errors
 */
export function nodeName(dataDir: string, given: string | undefined): string {
  const name = given ?? kept(join(dataDir, FILE_NAME));
  if (FORM.test(name)) return name;
  throw new UsageError(
    'node_name',
    `the node's name: expected 1 to 64 letters, digits, dots, underscores and hyphens, found ${JSON.stringify(name.slice(0, 80))}`,
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
