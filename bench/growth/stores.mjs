/** Data folders of the bench, and copies of them. */
import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConnection } from '../../dist/store/sqlite/connection.js';

const database = 'livestill.sqlite';

/** A folder that goes with this process, however it ends. */
export async function scratchFolder(name) {
  const folder = await mkdtemp(join(tmpdir(), `livestill-growth-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Brings what lies in the write-ahead log into the file; its size in bytes. */
export async function settle(dataDir) {
  const connection = openConnection(join(dataDir, database), 5000);
  connection.script('PRAGMA wal_checkpoint(TRUNCATE)');
  connection.close();
  return (await stat(join(dataDir, database))).size;
}

/** Copies a settled data folder. The log is not copied: the library lets go of it only when the closed connection is collected. */
export async function copyStore(from, to) {
  await mkdir(to, { mode: 0o700 });
  for (const name of [database, 'master.key']) await copyFile(join(from, name), join(to, name));
}
