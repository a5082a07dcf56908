import { Fault, UsageError } from '../faults.ts';
import { count } from '../report/count.ts';
import { type DatabaseFindings, inspectDatabase } from '../store/sqlite/inspect.ts';
import { type Check, fail, mebibytes, ok, warn } from './check.ts';
import { checkClock } from './clock.ts';

/** What is found in the database, and the clock compared with it. Changes no row. */
export function checkDatabase(dataDir: string, masterKey: string | null, now: number): readonly Check[] {
  let found: DatabaseFindings;
  try {
    found = inspectDatabase(dataDir, masterKey);
  } catch (error) {
    if (!(error instanceof Fault || error instanceof UsageError)) throw error;
    const advice =
      error.reason === 'store_locked'
        ? 'Wait until the other process is done, and try again.'
        : 'Check the folder; if the file is lost or damaged, stop the service and put a backup back ("livestill restore").';
    return [fail('database', `${error.message} (${error.reason})`, advice), checkClock(now, null)];
  }
  const { problems, age, masterKeyFault, apps, ledgerRows, bytes } = found;
  const log = checkLog(found, now);
  const checks: Check[] = [];
  if (problems.length > 0) {
    checks.push(
      fail(
        'database',
        problems.join('; '),
        'Stop the service, keep the damaged files, put a backup back ("livestill restore").',
      ),
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

/** How long the opening of a database without its write-ahead log is reported, in ms. */
const REMEMBER_LOG_MS = 30 * 86_400_000;

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
  if (withoutLog === null || now - withoutLog.getTime() > REMEMBER_LOG_MS) return [];
  return [
    warn(
      name,
      `was missing when the database was opened at ${withoutLog.toISOString()}: rows from before then may be lost`,
      'If the database was copied without livestill.sqlite-wal, put a backup back ("livestill restore").',
    ),
  ];
}
