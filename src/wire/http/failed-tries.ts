import { Fault } from '../../faults.ts';
import { peerGroup } from './peer-group.ts';

/** What has come of it since it was last reported, or since the start. */
export interface TriesRefused {
  /** Tries that were refused for their number. */
  readonly refused: number;
  /** Addresses that failed lately. */
  readonly addresses: number;
}

export interface FailedTriesOptions {
  /** Tries a minute that one address may fail at, and as many at once. */
  readonly perMinute: number;
  /** Milliseconds that only go forward. */
  readonly clock: () => number;
  /** Called at most every ten seconds while tries are refused. */
  readonly onRefused?: (refused: TriesRefused) => void;
  /** Addresses that are remembered; the one that failed the longest time ago is forgotten for a new one. */
  readonly mostAddresses?: number;
}

/**
 * Counts the tries of callers without a valid key, by address: no key, an unknown one, a wrong signature, a
 * path that does not exist. An IPv6 network of 64 bits is one address. Only what fails is counted, so whoever
 * shares an address with a caller that fails is not harmed: valid keys are looked at, and answered, all the
 * same.
 */
export interface FailedTries {
  /** Whether the address has failed so often that the next failure is refused for it. */
  isOver(address: string): boolean;
  /**
   * One more try failed: the fault to answer in place of its own where they are too many (15 `failed_tries`);
   * null otherwise.
   */
  fail(address: string): Fault | null;
  readonly counts: TriesRefused;
}

interface Bucket {
  tokens: number;
  at: number;
}

const REPORT_EVERY = 10_000;
const MS_OF_MINUTE = 60_000;

/** @see FailedTries */
export function createFailedTries(options: FailedTriesOptions): FailedTries {
  const { perMinute, clock, onRefused = () => {}, mostAddresses = 10_000 } = options;
  /** Insertion order: the first one failed the longest time ago. */
  const buckets = new Map<string, Bucket>();
  let refused = 0;
  let reported = { refused: 0, at: Number.NEGATIVE_INFINITY };

  const tokensOf = (group: string, now: number): number => {
    const bucket = buckets.get(group);
    if (bucket === undefined) return perMinute;
    return Math.min(perMinute, bucket.tokens + (Math.max(0, now - bucket.at) * perMinute) / MS_OF_MINUTE);
  };
  const refuse = (tokens: number, now: number): Fault => {
    refused++;
    if (now - reported.at >= REPORT_EVERY) {
      onRefused({ refused: refused - reported.refused, addresses: buckets.size });
      reported = { refused, at: now };
    }
    const retryAfter = Math.max(1, Math.ceil(((1 - tokens) * MS_OF_MINUTE) / perMinute / 1000));
    const why = `Over ${perMinute} tries a minute without a valid key came from this address.`;
    return new Fault('rate_limited', 'failed_tries', why, { retryAfter });
  };

  return {
    isOver: (address) => tokensOf(peerGroup(address), clock()) < 1,
    fail(address) {
      const group = peerGroup(address);
      const now = clock();
      const tokens = tokensOf(group, now);
      if (tokens < 1) return refuse(tokens, now);
      buckets.delete(group);
      buckets.set(group, { tokens: tokens - 1, at: now });
      if (buckets.size > mostAddresses) buckets.delete(buckets.keys().next().value as string);
      return null;
    },
    get counts() {
      return { refused, addresses: buckets.size };
    },
  };
}
