import type { Ledger, LedgerRow } from './types.ts';

/** A request of a known caller that was refused before a picture was looked at. */
export interface Refusal {
  readonly api: 'legacy' | 'v1';
  readonly appid: string;
  readonly secretId: string;
  readonly code: number;
  readonly http: number;
  readonly reason: string;
  readonly requestId: string;
  readonly callerAddress: string;
}

/** Counts refusals and writes the counts into the ledger. */
export interface RefusalCounter {
  /** Counted at once, written within `everyMs`; never throws and never waits. */
  note(refusal: Refusal): void;
  /** Writes what is still waiting. */
  stop(): Promise<void>;
}

/** What counting works with. */
export interface RefusalParts {
  readonly ledger: Ledger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly version: string;
  readonly onTrouble: (error: unknown) => void;
  /** Time between two writings, in ms (default 1000). */
  readonly everyMs?: number;
}

/**
 * Different refusals that are told apart between two writings, of one app and of all; what comes beyond loses
 * address and key, never its count. A caller with a network of addresses could otherwise write rows without
 * end, and use up what is told apart of other apps.
 */
const MOST_KINDS_OF_APP = 50;
const MOST_KINDS = 500;

interface Counted extends Refusal {
  readonly at: number;
  requests: number;
}

/**
 * Refused requests are cheap on purpose and may come by the thousand: a row each would cost more than the
 * refusal. Equal ones (app, key, reason, address) within a second make one row with their number; it names
 * the first one's request.
 */
export function createRefusalCounter(parts: RefusalParts): RefusalCounter {
  const { ledger, clock, version, onTrouble, everyMs = 1000 } = parts;
  let waiting = new Map<string, Counted>();
  let kinds = new Map<string, number>();
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const counted = [...waiting.values()];
    waiting = new Map();
    kinds = new Map();
    await Promise.all(
      counted.map((one) => ledger.append(rowOf(one, version)).catch((error: unknown) => onTrouble(error))),
    );
  }
  function begin(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }
  const timer = setInterval(() => void (waiting.size > 0 && begin()), everyMs);
  timer.unref();

  return {
    note(refusal) {
      const own = kinds.get(refusal.appid) ?? 0;
      const crowded = own >= MOST_KINDS_OF_APP || waiting.size >= MOST_KINDS;
      // One that is told apart already is counted there, however many have come since.
      const known = waiting.get(keyOf(refusal));
      const told = crowded ? { ...refusal, secretId: '', callerAddress: '' } : refusal;
      const counted = known ?? waiting.get(keyOf(told));
      if (counted !== undefined) {
        counted.requests += 1;
        return;
      }
      waiting.set(keyOf(told), { ...told, at: clock(), requests: 1 });
      kinds.set(refusal.appid, own + 1);
    },
    async stop() {
      clearInterval(timer);
      await begin();
    },
  };
}

function keyOf({ api, appid, secretId, code, reason, callerAddress }: Refusal): string {
  return JSON.stringify([api, appid, secretId, code, reason, callerAddress]);
}

function rowOf(one: Counted, version: string): LedgerRow {
  return {
    kind: 'request_refused',
    requests: one.requests,
    at: new Date(one.at),
    requestId: one.requestId,
    appid: one.appid,
    secretId: one.secretId,
    source: '',
    pictureBytes: 0,
    pictureSha256: '',
    code: one.code,
    verdict: null,
    score: null,
    rawScore: null,
    reasons: [one.reason],
    models: {},
    milliseconds: 0,
    callerAddress: one.callerAddress,
    explanation: {
      api: one.api,
      http: one.http,
      version,
      profile: null,
      threshold: null,
      policy: null,
      liveProbability: null,
      review: null,
      faceCount: null,
      quality: [],
      measured: null,
      cards: {},
      reference: null,
    },
  };
}
