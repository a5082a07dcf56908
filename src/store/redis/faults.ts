import type { Fault, FaultReason, UsageError } from '../../faults.ts';
import type { StoreKind } from '../core/database.ts';
import { detailOf, type Explained, storeFaultOf } from '../core/store-fault.ts';

const REASONS: readonly (readonly [text: RegExp, reason: FaultReason<StoreKind>, meaning: string])[] = [
  [/timed out/i, 'store_timeout', 'the Redis server did not answer in time'],
  [/^OOM /, 'store_full', 'the memory of the Redis server is full: raise its maxmemory'],
  [/^(?:READONLY|MASTERDOWN) /, 'store_readonly', 'the Redis server takes no changes: is it a replica?'],
  [/^MISCONF /, 'store_full', 'the Redis server cannot write to its disk'],
  [/^(?:NOAUTH|WRONGPASS|NOPERM) /, 'store_refused', 'the Redis server refuses the user'],
  [
    /_CERT|CERT_|certificate|ERR_TLS/i,
    'store_certificate',
    'the certificate of the Redis server is not trusted: set redis.ca',
  ],
];

/** A failed call as a fault of the state that nodes share. */
export function redisFault(error: unknown): Fault | UsageError {
  return storeFaultOf('state_unavailable', error, explain);
}

function explain(error: unknown): Explained {
  const detail = detailOf(error);
  const found = REASONS.find(([text]) => text.test(detail));
  if (found !== undefined) return [found[1], `${found[2]} (${detail})`];
  const isReply = (error as Error | null)?.name === 'ReplyError';
  return isReply
    ? ['store_error', `the Redis server refused a command: ${detail}`]
    : ['store_unreachable', `the Redis server cannot be reached (${detail})`];
}
