import { createHmac } from 'node:crypto';
import type { AccountStore, App, ReplayStore, SecretPair, UsageStore } from '../../../src/account/types.ts';
import { Fault } from '../../../src/faults.ts';

export const appid = '1000001';
export const secretId = 'AKIDcontract0000000000000000000000';
export const secretKey = 'keykeykeykeykeykeykeykeykeykeyke';

const open: App['limits'] = { requestsPerSecond: null, burst: null, concurrent: null, daily: null };
const born = new Date(0);

export function appOf(id: string, change: Partial<App> = {}): App {
  return {
    appid: id,
    name: id,
    state: 'active',
    buckets: [],
    limits: open,
    policy: { threshold: null, profile: null, capture: null, review: null },
    createdAt: born,
    ...change,
  };
}

export function pairOf(id: string, app: string, change: Partial<SecretPair> = {}): SecretPair {
  return {
    secretId: id,
    secretKey,
    appid: app,
    enabled: true,
    expiresAt: null,
    createdAt: born,
    lastUsedAt: null,
    ...change,
  };
}

/** Accounts, replay memory and daily counts that live as long as the test. */
export interface MemoryAccounts {
  readonly accounts: AccountStore;
  readonly replay: ReplayStore;
  readonly usage: UsageStore;
  /** While set, the store of that kind does not answer. */
  broken: 'accounts' | 'replay' | null;
}

export function memoryAccounts(apps: readonly App[], pairs: readonly SecretPair[]): MemoryAccounts {
  const used = new Set<string>();
  const counts = new Map<string, number>();
  const memory: MemoryAccounts = {
    broken: null,
    accounts: {
      async findApp(id) {
        if (memory.broken === 'accounts')
          throw new Fault('accounts_unavailable', 'store_error', 'the account store does not answer');
        return apps.find((app) => app.appid === id) ?? null;
      },
      async findSecret(id) {
        return pairs.find((pair) => pair.secretId === id) ?? null;
      },
      async findBucketOwner(bucket) {
        return apps.find((app) => app.buckets.includes(bucket))?.appid ?? null;
      },
      touchSecret() {},
    },
    replay: {
      async remember(digest) {
        if (memory.broken === 'replay')
          throw new Fault('state_unavailable', 'store_error', 'the replay store does not answer');
        if (used.has(digest)) return false;
        used.add(digest);
        return true;
      },
      isUsed: async (digest) => used.has(digest),
    },
    usage: {
      async consume(id, day, limit, more = 1) {
        const count = (counts.get(`${id} ${day}`) ?? 0) + more;
        if (count > limit) return null;
        counts.set(`${id} ${day}`, count);
        return count;
      },
      async used(id, day) {
        return counts.get(`${id} ${day}`) ?? 0;
      },
    },
  };
  return memory;
}

/** Signs a plain text as the documentation says, without any code of the project. */
export function signText(plain: string, key = secretKey): string {
  const digest = createHmac('sha1', key).update(plain, 'utf8').digest();
  return Buffer.concat([digest, Buffer.from(plain, 'utf8')]).toString('base64');
}

/** A good multi-use signature, or one changed by `change`; a member set to null is left out. */
export function signature(
  change: Partial<Record<'a' | 'b' | 'k' | 'e' | 't' | 'r' | 'f', string | number | null>> = {},
  key = secretKey,
): string {
  const now = Math.floor(Date.now() / 1000);
  const fields = { a: appid, b: '', k: secretId, e: now + 600, t: now, r: 12345, f: '', ...change };
  const plain = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return signText(plain, key);
}
