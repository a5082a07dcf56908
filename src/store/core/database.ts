import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * 'accounts_unavailable': the accounts do not answer. 'state_unavailable': the memory of signatures, the
 * limits or the ledger do not.
 */
export type StoreKind = 'accounts_unavailable' | 'state_unavailable';

/**
 * A change to the tables. May be run again from the start when another one in the same transaction failed.
 */
export type Change<T> = (db: Transaction<Tables>) => Promise<T>;

/**
 * A database that holds the tables, opened again by itself after trouble. Every call rejects with a `Fault`
 * of the code it is given.
 */
export interface StoreDatabase {
  /** Open it now rather than at the first call. */
  open(): Promise<void>;
  /** Run a query that no writer holds up. */
  read<T>(code: StoreKind, query: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /**
   * Run a change and resolve once it is durable. One that fails is undone alone.
   * @param lock of the changes with the same name here, in all processes, one is made after the other
   */
  write<T>(code: StoreKind, change: Change<T>, lock?: string): Promise<T>;
  /**
   * As `write`, for changes that build on each other: they are made in their order, those that wait together
   * in one transaction.
   */
  append<T>(code: StoreKind, change: Change<T>): Promise<T>;
  /**
   * See to it that what was deleted lies in none of the database's files, where the database leaves that to
   * its user.
   * @throws {Fault} (`store_locked`) when another reader kept it from that
   */
  forgetDeleted(code: StoreKind): Promise<void>;
  close(): Promise<void>;
}

/**
 * A change of accounts. They are made one after the other, whoever makes them: each looks at what is there
 * first.
 */
export function changeAccounts<T>(database: StoreDatabase, change: Change<T>): Promise<T> {
  return database.write('accounts_unavailable', change, 'accounts');
}
