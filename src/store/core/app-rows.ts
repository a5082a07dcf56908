import type { Kysely, Transaction } from 'kysely';
import { checkAppid } from '../../account/validate.ts';
import { UsageError } from '../../faults.ts';
import type { AppTable, Tables } from './tables.ts';

/** What is answered where an app is asked for that does not exist. */
export const unknownApp = (appid: string): UsageError =>
  new UsageError(
    'app_unknown',
    `there is no app ${JSON.stringify(appid)}: "livestill app list" shows those that exist`,
  );

/** The row of an app; undefined where there is none. */
export function appRow(db: Kysely<Tables>, appid: string): Promise<AppTable | undefined> {
  return db.selectFrom('app').selectAll().where('appid', '=', appid).executeTakeFirst();
}

/**
 * The row of an app.
 * @throws {UsageError} `app_unknown`, `invalid_appid`
 */
export async function needApp(db: Transaction<Tables>, appid: string): Promise<AppTable> {
  checkAppid(appid);
  const row = await appRow(db, appid);
  if (row === undefined) throw unknownApp(appid);
  return row;
}

/**
 * The row of an app that was not closed.
 * @throws {UsageError} `app_unknown`, `invalid_appid`, `app_closed`
 */
export async function needOpenApp(db: Transaction<Tables>, appid: string): Promise<void> {
  const { state } = await needApp(db, appid);
  if (state === 'closed')
    throw new UsageError('app_closed', `the app ${appid} was closed for good: make a new one`);
}
