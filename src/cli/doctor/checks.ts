import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ConfigError } from '../../config/load.ts';
import { Fault, UsageError } from '../../faults.ts';
import { lagOf } from '../../ledger/record-clock.ts';
import type { RecordClock } from '../../ledger/types.ts';
import { count } from '../../report/count.ts';
import { type DatabaseFindings, inspectDatabase } from '../../store/inspect.ts';

/** How a check came out. `warn`: the service works, but someone should look; `fail`: it does not start or cannot be trusted. */
export type CheckStatus = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly found: string;
  /** What to do; null where nothing is. */
  readonly advice: string | null;
}

/** Free room below which a ledger on this disk should worry someone, in bytes. */
export const littleRoom = 1024 ** 3;
/** Free room below which rows will soon be lost to a full disk, in bytes. */
export const noRoom = 100 * 1024 ** 2;
/** No machine that runs this version can rightly show an earlier time. */
const firstRelease = Date.UTC(2026, 10, 1);
/** How far the newest ledger row may lie ahead of the clock: rows of several processes are not written to the second, in ms. */
const ahead = 60_000;

/** A check that found all well; `warn` and `fail`: one that did not. */
export const ok = (name: string, found: string): Check => ({ name, status: 'ok', found, advice: null });
/** See `CheckStatus`. */
export const warn = (name: string, found: string, advice: string): Check => ({
  name,
  status: 'warn',
  found,
  advice,
});
/** See `CheckStatus`. */
export const fail = (name: string, found: string, advice: string): Check => ({
  name,
  status: 'fail',
  found,
  advice,
});

/** The check that stands alone when the configuration cannot be used. */
export function configurationFailed(error: ConfigError): Check {
  return fail(
    'configuration',
    error.problems.join('; '),
    'Correct these settings: docs/configuration.md names them all.',
  );
}

/**
 * By line of Node.js, the first release in which the names in a JSON body cannot be made to collide (CVE-2026-21717, March
 * 2026): before it, one request can hold up the whole service.
 */
const safeReleases: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
  20: [20, 2],
  22: [22, 2],
  24: [14, 1],
};

/**
 * The version of Node.js.
 * @param version as in `process.version`
 */
export function checkNode(version: string): Check {
  const name = 'Node.js';
  const [major = 0, minor = 0, patch = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return fail(name, version, 'livestill needs Node.js 20.19 or newer: install 24.');
  }
  const safe = safeReleases[major];
  if (safe === undefined) {
    return warn(name, version, 'livestill is tested with Node.js 20, 22 and 24: use one of these.');
  }
  const isSafe = minor > safe[0] || (minor === safe[0] && patch >= safe[1]);
  if (isSafe && major === 20) {
    return warn(
      name,
      `${version}: past its end of life (April 2026), without security fixes`,
      'Go over to Node.js 24.',
    );
  }
  return isSafe
    ? ok(name, version)
    : warn(
        name,
        `${version}: a hostile JSON body can hold it up (CVE-2026-21717)`,
        major === 20 ? 'Go over to Node.js 24.' : `Update to ${major}.${safe.join('.')} or newer.`,
      );
}

/** The check of the data folder, and whether there is one to look into. */
export interface FolderCheck {
  readonly check: Check;
  readonly isThere: boolean;
}

/**
 * The data folder: there, the owner's alone, and this user's.
 * @param uid of this process; undefined where the system has none
 */
export async function checkFolder(dataDir: string, uid: number | undefined): Promise<FolderCheck> {
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
  return { check: folderRights(path, found, uid), isThere: true };
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
export async function checkFiles(dataDir: string, masterKey: string | null): Promise<readonly Check[]> {
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
    const check = rights('database file', path, side);
    if (check.status !== 'ok' || suffix === '') checks.push(check);
  }
  return checks;
}

function rights(name: string, path: string, found: Stats): Check {
  if (process.platform === 'win32' || (found.mode & 0o077) === 0) return ok(name, `mode ${modeOf(found)}`);
  return fail(name, `${path}, mode ${modeOf(found)}: others may read it`, `chmod 600 ${path}`);
}

/** Room on the disk of the data folder. */
export function checkRoom(freeBytes: number): Check {
  const found = `${mebibytes(freeBytes)} free`;
  const advice = 'Make room, or let old rows go: ledger.retentionDays, "livestill ledger prune".';
  if (freeBytes < noRoom) return fail('disk room', found, advice);
  return freeBytes < littleRoom ? warn('disk room', found, advice) : ok('disk room', found);
}

/** What is found in the database, and the clock compared with it. Changes nothing. */
export function checkDatabase(dataDir: string, masterKey: string | null, now: number): readonly Check[] {
  let found: DatabaseFindings;
  try {
    found = inspectDatabase(dataDir, masterKey);
  } catch (error) {
    if (!(error instanceof Fault || error instanceof UsageError)) throw error;
    const advice =
      error.reason === 'store_locked'
        ? 'Wait until the other process is done, and try again.'
        : 'Check the folder; if the file is lost or damaged, stop the service and restore a copy.';
    return [fail('database', `${error.message} (${error.reason})`, advice), checkClock(now, null)];
  }
  const { problems, age, masterKeyFault, apps, ledgerRows, bytes } = found;
  const log = checkLog(found, now);
  const checks: Check[] = [];
  if (problems.length > 0) {
    checks.push(
      fail('database', problems.join('; '), 'Stop the service, keep the damaged files, restore a copy.'),
    );
  } else if (age === 'newer') {
    checks.push(
      fail('database', 'written by a newer livestill', 'Use that version, or restore a copy made before it.'),
    );
  } else {
    const size = `whole, ${mebibytes(bytes)}, ${count(apps, 'app')}, ${count(ledgerRows, 'ledger row')}`;
    checks.push(
      ok('database', age === 'older' ? `${size}; the next start brings its tables up to date` : size),
    );
  }
  if (masterKeyFault !== null) {
    checks.push(
      fail('stored keys', masterKeyFault.message, 'Hand over the master key that they were made with.'),
    );
  } else {
    checks.push(ok('stored keys', 'the master key fits'));
  }
  return [...checks, ...log, checkClock(now, found.newestRowAt, found.clock)];
}

/** How long the opening of a database without its write-ahead log is warned of, in ms. */
const rememberLog = 30 * 86_400_000;

/** Whether the database came without its write-ahead log, as a copy of the file alone does. */
function checkLog({ withoutLog, newestRowAt }: DatabaseFindings, now: number): readonly Check[] {
  const name = 'write-ahead log';
  const newest = `the newest ledger row is of ${newestRowAt?.toISOString() ?? 'no time'}`;
  if (withoutLog === 'now') {
    return [
      fail(
        name,
        `missing, though the database was in use when it was last written: a copy of the file alone lacks the newest rows; ${newest}`,
        'Put a backup back ("livestill restore"), or copy livestill.sqlite-wal along. If SQLite itself made the copy (".backup"), nothing is missing.',
      ),
    ];
  }
  if (withoutLog === null || now - withoutLog.getTime() > rememberLog) return [];
  return [
    warn(
      name,
      `was missing when the database was opened at ${withoutLog.toISOString()}: rows from before then may be lost`,
      'If the database was copied without livestill.sqlite-wal, put a backup back ("livestill restore").',
    ),
  ];
}

/** How long a jump of the clock is warned of, in ms. */
const rememberJump = 7 * 86_400_000;
/** How far the clock may be behind the last look of the service: the looks of several machines differ by less, in ms. */
const behindLook = 5 * 60_000;

/** How far behind the clock the record time may be before it is told, as in the service's log, in ms. */
const littleLag = 3_600_000;

/**
 * The clock: signatures are judged by it, and old records are deleted by it. It cannot be right when it shows a time before this version was
 * written, before a row that is already in the ledger, or before the service looked at it last.
 */
export function checkClock(now: number, newestRowAt: Date | null, seen: RecordClock | null = null): Check {
  const name = 'clock';
  const found = new Date(now).toISOString();
  const advice =
    'Set the clock (NTP): signatures are refused or accepted by it, and old records are deleted by it.';
  if (now < firstRelease) return fail(name, `${found}, before this version was written`, advice);
  if (newestRowAt !== null && newestRowAt.getTime() > now + ahead) {
    return fail(name, `${found}, but the newest ledger row is of ${newestRowAt.toISOString()}`, advice);
  }
  if (seen === null) return ok(name, found);
  if (seen.wall > now + behindLook) {
    return fail(name, `${found}, but the service saw ${new Date(seen.wall).toISOString()}`, advice);
  }
  const jump = seen.jump !== null && now - seen.jump.at < rememberJump ? seen.jump : null;
  const lag = lagOf(seen);
  if (jump === null && lag <= littleLag) return ok(name, found);
  const what =
    jump === null
      ? ''
      : `, jumped ${jump.byMs > 0 ? 'ahead' : 'back'} by ${spanOf(jump.byMs)}, seen at ${new Date(jump.at).toISOString()}`;
  const behind =
    lag <= littleLag
      ? ''
      : `; records are deleted as if it were ${new Date(seen.time).toISOString()}, a day more every hour`;
  return warn(
    name,
    `${found}${what}${behind}`,
    `${advice} Where the service was down for so long, all is well.`,
  );
}

function spanOf(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  return minutes < 2880 ? `${minutes} minutes` : `${Math.round(minutes / 1440)} days`;
}

/** What is at a path, or the system's code for why that cannot be told. */
export async function lookAt(path: string): Promise<Stats | string> {
  try {
    return await stat(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

/** Permissions in octal: `600`. */
export function modeOf({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
