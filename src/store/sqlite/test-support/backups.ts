import { join } from 'node:path';
import { openStore, type Store } from '../../open.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../../test-support/temp-store.ts';
import { writeBackup } from '../backup/backup.ts';
import { restoreBackup } from '../backup/restore.ts';

/** The database of a data folder. */
export const databaseIn = (dataDir: string) => join(dataDir, 'livestill.sqlite');
/** The file of the master keys of a data folder. */
export const keyIn = (dataDir: string) => join(dataDir, 'master.key');

/** An open store in a data folder, with an app and so many rows. */
export async function filled(dataDir: string, rows = 20): Promise<Store> {
  const store = await temporaryStore({ dataDir, sync: 'normal' });
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  await Promise.all(
    Array.from({ length: rows }, (_, i) => store.ledger.append(someRow({ requestId: `${i}` }))),
  );
  return store;
}

/** Makes a backup of a data folder. */
export const backupOf = (dataDir: string, to: string, withKeys = false) =>
  writeBackup({ dataDir, to, withKeys, why: 'asked', masterKey: null, version: '1.2.3' });

/** Puts a backup into a data folder. */
export const restoreInto = (
  dataDir: string,
  file: string,
  parts: { masterKey?: string; overDamaged?: boolean } = {},
) =>
  restoreBackup({
    file,
    dataDir,
    masterKey: null,
    overDamaged: false,
    now: new Date(),
    actor: { kind: 'system', name: 'restorer', from: '192.0.2.3' },
    ...parts,
  });

/**
 * A data folder whose service has ended: closed by another process, since here a closed connection lives on
 * until it is collected.
 */
export async function closedFolder(rows = 20): Promise<string> {
  const from = await temporaryFolder();
  const store = await filled(from, rows);
  await store.close();
  const file = join(await temporaryFolder(), 'b.tar');
  await backupOf(from, file, true);
  const dataDir = join(await temporaryFolder(), 'data');
  await restoreInto(dataDir, file);
  return dataDir;
}

/** The request ids of all rows of a data folder. */
export async function requestIds(dataDir: string): Promise<Set<string>> {
  const store = await openStore({ dataDir, thread: false });
  const ids = new Set<string>();
  for await (const row of store.ledger.read({})) ids.add(row.requestId);
  await store.close();
  return ids;
}
