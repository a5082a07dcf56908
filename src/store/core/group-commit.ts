import { Fault } from '../../faults.ts';
import type { Change, StoreKind } from './database.ts';

/** How the changes of a batch are made, and what their errors mean; each database brings its own. */
export interface CommitRules {
  /** Make these changes in one transaction, in their order; their results once they are durable. */
  commit(changes: readonly Change<unknown>[]): Promise<readonly unknown[]>;
  /** Whether an error comes from one change, so that the others of its batch may be made without it. */
  concernsOneChange(error: unknown): boolean;
  toFault(code: StoreKind, error: unknown): Error;
}

interface Waiting {
  readonly code: StoreKind;
  readonly change: Change<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Most changes in one transaction. */
const BATCH_SIZE = 256;
/** Most changes that wait; more are refused at once. */
const LONGEST_QUEUE = 10_000;

/**
 * Changes that wait together share one transaction and one sync (group commit); one that fails is undone
 * alone.
 */
export class GroupCommit {
  readonly #rules: CommitRules;
  readonly #queue: Waiting[] = [];
  #draining: Promise<void> | null = null;

  constructor(rules: CommitRules) {
    this.#rules = rules;
  }

  /**
   * @throws {Fault} (`store_overloaded`) when too many wait already
   * @throws {Error} what the change or the database throws
   */
  run<T>(code: StoreKind, change: Change<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#queue.length >= LONGEST_QUEUE) {
        reject(new Fault(code, 'store_overloaded', `${LONGEST_QUEUE} changes wait for the disk already`));
        return;
      }
      this.#queue.push({ code, change, resolve: resolve as (value: unknown) => void, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // One turn of the event loop lets everything that has arrived join the batch.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#settle(this.#queue.splice(0, BATCH_SIZE));
    }
    this.#draining = null;
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#rules.commit(batch.map(({ change }) => change));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
    } catch (error) {
      if (batch.length > 1 && this.#rules.concernsOneChange(error)) {
        for (const one of batch) await this.#settle([one]);
        return;
      }
      for (const { code, reject } of batch) reject(this.#rules.toFault(code, error));
    }
  }
}
