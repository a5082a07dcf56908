/** Copies of a data folder. */
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openConnection } from '../../dist/store/sqlite.js';

const database = 'livestill.sqlite';

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
