import type { ConsoleAdmin, ConsoleStore } from '../../../console/types.ts';
import type { NoteChange } from '../admin-log.ts';
import type { StoreDatabase } from '../database.ts';
import type { Keyring } from '../keys/keyring.ts';
import { createKeyAdmin, createKeyReads } from './keys.ts';
import { createFailures, createSessions, createTickets } from './sessions.ts';
import { createUserAdmin, createUserReads } from './users.ts';

/** Everything of the console that is no change for the admin log. */
export function createConsoleReads(database: StoreDatabase, keyring: Keyring): ConsoleStore {
  return {
    ...createUserReads(database, keyring),
    ...createSessions(database),
    ...createTickets(database),
    ...createFailures(database),
    ...createKeyReads(database),
  };
}

/** The changes of the console. */
export function createConsoleAdmin(
  database: StoreDatabase,
  keyring: Keyring,
  note: NoteChange,
): ConsoleAdmin {
  return { ...createUserAdmin(database, keyring, note), ...createKeyAdmin(database, note) };
}
