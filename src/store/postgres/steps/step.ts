import type { Kysely, Migration, RawBuilder } from 'kysely';

/** A step of the tables, there and back. */
export interface Step extends Required<Migration> {
  /**
   * `expand`: versions that do not know this step go on working beside it. `contract`: they do not, and are
   * refused from then on.
   */
  readonly kind: 'expand' | 'contract';
}

/** Runs statements one after the other. */
export async function run(db: Kysely<unknown>, statements: readonly RawBuilder<unknown>[]): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
