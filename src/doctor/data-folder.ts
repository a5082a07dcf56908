import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Check, fail, lookAt, mebibytes, modeOf, ok, warn } from './check.ts';

/** Free space below which the audit log on this disk should worry someone, in bytes. */
const LITTLE_SPACE = 1024 ** 3;
/** Free space below which rows will soon be lost to a full disk, in bytes. */
const TOO_LITTLE_SPACE = 100 * 1024 ** 2;
/** The check of the data folder, and whether there is one to look into. */
export interface FolderCheck {
  readonly check: Check;
  readonly isThere: boolean;
}

/** Why this user cannot write to a path: the system's code, or null where it can. */
export type WhyNotWritten = (path: string) => Promise<string | null>;

/**
 * The data folder: there, the owner's alone, this user's, and open to what the service writes.
 * @param uid of this process; undefined where the system has none
 * @param whyNotWritten null where nothing that is kept lies in the folder
 */
export async function checkFolder(
  dataDir: string,
  uid: number | undefined,
  whyNotWritten: WhyNotWritten | null,
): Promise<FolderCheck> {
  const path = resolve(dataDir);
  const name = 'data folder';
  const found = await lookAt(path);
  if (typeof found === 'string') {
    const advice =
      found === 'ENOENT'
        ? 'Check --data or dataDir; "livestill serve" makes a new folder at its first start.'
        : 'Let this user read the folder.';
    return { check: fail(name, `${path} cannot be looked at (${found})`, advice), isThere: false };
  }
  if (!found.isDirectory()) {
    return { check: fail(name, `${path} is no folder`, 'Check --data or dataDir.'), isThere: false };
  }
  const rights = folderRights(path, found, uid);
  const cause = rights.status === 'fail' || whyNotWritten === null ? null : await whyNotWritten(path);
  if (cause === null) return { check: rights, isThere: true };
  return { check: unwritable(name, `${path}, mode ${modeOf(found)}`, 'folder', cause), isThere: true };
}

/** @param what `folder` or `file` */
function unwritable(name: string, place: string, what: string, cause: string): Check {
  return cause === 'EROFS'
    ? fail(
        name,
        `${place}: its file system is mounted read-only`,
        'Mount it for writing, or choose another with --data.',
      )
    : fail(
        name,
        `${place}: this user cannot write it (${cause})`,
        `Let this user write the ${what} (owner and rights of it and of the folders above), or run doctor as the user that runs the service.`,
      );
}

function folderRights(path: string, found: Stats, uid: number | undefined): Check {
  const name = 'data folder';
  const mode = modeOf(found);
  if (uid === undefined) return ok(name, path);
  if ((found.mode & 0o022) !== 0) {
    return fail(name, `${path}, mode ${mode}: others may change it`, `chmod 700 ${path}`);
  }
  if ((found.mode & 0o077) !== 0) {
    return warn(name, `${path}, mode ${mode}: others may look into it`, `chmod 700 ${path}`);
  }
  return found.uid === uid
    ? ok(name, `${path}, mode ${mode}`)
    : warn(
        name,
        `${path} belongs to user ${found.uid}, this is user ${uid}`,
        'Run doctor as the user that runs the service.',
      );
}

/** The files that hold keys and records: readable by their owner alone. */
export async function checkFiles(
  dataDir: string,
  masterKey: string | null,
  whyNotWritten: WhyNotWritten | null,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const key = join(resolve(dataDir), 'master.key');
  const found = await lookAt(key);
  if (masterKey !== null) {
    checks.push(ok('master key', 'from LIVESTILL_MASTER_KEY'));
  } else if (typeof found === 'string') {
    checks.push(
      fail(
        'master key',
        `${key} cannot be looked at (${found})`,
        'Put the file back, or hand it over in LIVESTILL_MASTER_KEY.',
      ),
    );
  } else {
    checks.push(rights('master key', key, found));
  }
  const audit = join(resolve(dataDir), 'audit.key');
  const auditFound = await lookAt(audit);
  // Made at the first start, and not there where LIVESTILL_AUDIT_KEY has it or a restore made the folder.
  if (typeof auditFound !== 'string') checks.push(rights('audit key', audit, auditFound));
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(resolve(dataDir), `livestill.sqlite${suffix}`);
    const side = await lookAt(path);
    if (typeof side === 'string') continue;
    const check = await databaseFile(path, side, whyNotWritten);
    if (check.status !== 'ok' || suffix === '') checks.push(check);
  }
  return checks;
}

async function databaseFile(path: string, found: Stats, whyNotWritten: WhyNotWritten | null): Promise<Check> {
  const name = 'database file';
  const check = rights(name, path, found);
  const cause = check.status !== 'ok' || whyNotWritten === null ? null : await whyNotWritten(path);
  return cause === null ? check : unwritable(name, `${path}, mode ${modeOf(found)}`, 'file', cause);
}

function rights(name: string, path: string, found: Stats): Check {
  if (process.platform === 'win32' || (found.mode & 0o077) === 0) return ok(name, `mode ${modeOf(found)}`);
  return fail(name, `${path}, mode ${modeOf(found)}: others may read it`, `chmod 600 ${path}`);
}

/** Free space on the disk of the data folder. */
export function checkSpace(freeBytes: number): Check {
  const found = `${mebibytes(freeBytes)} free`;
  const advice =
    'Free disk space, or let old rows be deleted: ledger.retentionDays, "livestill ledger prune".';
  if (freeBytes < TOO_LITTLE_SPACE) return fail('disk room', found, advice);
  return freeBytes < LITTLE_SPACE ? warn('disk room', found, advice) : ok('disk room', found);
}
