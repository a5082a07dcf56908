import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** 107: the accounts do not answer. 108: the memory of signatures, the limits or the ledger do not. */
export type StoreCode = 107 | 108;

/** A change to the tables. May be run again from the start when another one in the same transaction failed. */
export type Change<T> = (db: Transaction<Tables>) => Promise<T>;

/** A database that holds the tables, opened again by itself after trouble. Every call rejects with a `Fault` of the code it is given. */
export interface StoreDatabase {
  /** Open it now rather than at the first call. */
  open(): Promise<void>;
  /** Run a query that no writer holds up. */
  read<T>(code: StoreCode, query: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Run a change and resolve once it is durable. One that fails is undone alone. */
  write<T>(code: StoreCode, change: Change<T>): Promise<T>;
  /**
   * See to it that what was deleted lies in none of the database's files, where the database leaves that to its user.
   * @throws Fault (`store_locked`) when another reader kept it from that
   */
  forgetDeleted(code: StoreCode): Promise<void>;
  close(): Promise<void>;
}
