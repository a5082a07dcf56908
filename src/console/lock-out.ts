import { Refusal } from './refusal.ts';
import { digestOf } from './tokens.ts';
import type { ConsoleStore } from './types.ts';

/**
 * Failed tries that are free, for one name from one address, for one address whatever the name, and for one
 * name from everywhere. The last is much higher: else anybody could lock a user out from afar.
 */
const FREE_TRIES = { both: 5, address: 20, name: 100 } as const;
const FIRST_LOCK_MS = 30_000;
const LONGEST_LOCK_MS = 3_600_000;
/** After so long without a failure the count begins anew, in ms. */
const FORGET_MS = 12 * 3_600_000;

/** Who tries to sign in. */
export interface Trier {
  /** Name of the user as it was typed. */
  readonly name: string;
  /** The address, or network of addresses, that tries are counted for. */
  readonly addressGroup: string;
}

/** Slows down whoever guesses: each failure beyond the free ones doubles the time to the next try. */
export interface LockOut {
  /** @throws {Refusal} `locked`, with the seconds to wait */
  check(trier: Trier): Promise<void>;
  failed(trier: Trier): Promise<void>;
  /** Forgets the failures of a name from an address; those of the address and of the name stay. */
  succeeded(trier: Trier): Promise<void>;
}

export function createLockOut(store: ConsoleStore, clock: () => number): LockOut {
  return {
    async check(trier) {
      const now = clock();
      for (const { key } of keysOf(trier)) {
        const until = (await store.findFailures(key))?.lockedUntil?.getTime() ?? 0;
        if (until <= now) continue;
        const seconds = Math.ceil((until - now) / 1000);
        throw new Refusal('locked', `Too many failed tries: wait ${seconds} seconds.`, seconds);
      }
    },
    async failed(trier) {
      const now = clock();
      for (const { key, free } of keysOf(trier)) {
        const count = await store.noteFailure(key, new Date(now), FORGET_MS);
        if (count < free) continue;
        const ms = Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** Math.min(count - free, 20));
        await store.lockUntil(key, new Date(now + ms));
      }
    },
    async succeeded(trier) {
      await store.clearFailures(keysOf(trier)[0].key);
    },
  };
}

/** Names are kept as digests: people type passwords into the wrong field. */
function keysOf({ name, addressGroup }: Trier) {
  const who = digestOf(name.trim().normalize('NFKC').toLowerCase()).slice(0, 32);
  return [
    { key: `both:${who}:${addressGroup}`, free: FREE_TRIES.both },
    { key: `address:${addressGroup}`, free: FREE_TRIES.address },
    { key: `name:${who}`, free: FREE_TRIES.name },
  ] as const;
}
