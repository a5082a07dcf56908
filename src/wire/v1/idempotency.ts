import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type {
  IdempotencyScope,
  IdempotencyStore,
  KeptAnswer,
  ShortenedMemory,
} from '../../account/api-key/idempotency.ts';
import type { Clock } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import type { Observer } from '../decision/observer.ts';
import type { Envelope } from '../http/envelope.ts';
import type { PictureSource } from '../intake/picture-source.ts';
import type { Pictures } from './picture-input.ts';

/** How long an answer is kept, and how long a request that was never heard of again holds its key, in ms. */
const KEPT_FOR = 24 * 3_600_000;
const HELD_FOR = 120_000;
/**
 * Longest answer that is kept, in characters; a longer one is not replayed, and its request would be judged
 * again.
 */
const LONGEST_ANSWER = 64 * 1024;

/**
 * The `Idempotency-Key` of a request; null when it has none.
 * @throws {Fault} `idempotency_key_invalid`
 */
export function idempotencyKeyOf(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(header))
    return header;
  const found = typeof header === 'string' ? `${header.length} characters` : `${header.length} headers`;
  throw new Fault(
    'idempotency_key_invalid',
    'idempotency_key_invalid',
    `Expected one Idempotency-Key of 1 to 255 printable ASCII characters; found ${found}.`,
  );
}

/**
 * What makes two requests the same: the picture's bytes, or its url. The form of the body plays no part,
 * since multipart boundaries differ between two tries of one request.
 */
export function fingerprintOf(pictures: Pictures): string {
  if (pictures.kind === 'one') return fingerprintOfOne(pictures.source);
  const hash = createHash('sha256').update(`${pictures.sources.length} stills\n`);
  for (const source of pictures.sources) hash.update(`${fingerprintOfOne(source)}\n`);
  return hash.digest('hex');
}

function fingerprintOfOne(source: PictureSource): string {
  const hash = createHash('sha256');
  if (source.kind === 'url') hash.update('url\n').update(source.url.href);
  else hash.update('bytes\n').update(source.bytes);
  return hash.digest('hex');
}

/** What an idempotent answer is made with. */
export interface IdempotencyParts {
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer?: Pick<Observer, 'idempotencyShortened'> | undefined;
}

/**
 * An answer made by `work`: `keep` says whether a repeated request gets it too, without being judged again.
 */
export interface Made {
  readonly envelope: Envelope;
  readonly keep: boolean;
}

/**
 * Answers a request under its key: the kept answer where there is one, else what `work` makes. An error
 * leaves the key free. An answer that cannot be kept is given all the same: the picture was judged, and its
 * ledger row is written.
 * @throws {Fault} `idempotency_key_reused`, `idempotency_in_progress`, `state_unavailable`
 * @throws {Error} what `work` throws
 */
export async function answerOnce(
  parts: IdempotencyParts,
  scope: IdempotencyScope,
  fingerprint: string,
  work: () => Promise<Made>,
): Promise<Envelope> {
  const { idempotency, clock, log } = parts;
  const now = clock();
  const state = await idempotency.beginIdempotent(
    scope,
    fingerprint,
    new Date(now),
    new Date(now + HELD_FOR),
  );
  switch (state.kind) {
    case 'answered':
      return replayed(state.answer);
    case 'other':
      throw new Fault(
        'idempotency_key_reused',
        'idempotency_key_reused',
        'This Idempotency-Key was used with another picture in the last 24 hours.',
      );
    case 'running':
      throw new Fault(
        'idempotency_in_progress',
        'idempotency_in_progress',
        'A request with this Idempotency-Key is being judged.',
        { retryAfter: 1 },
      );
    case 'begun':
      break;
  }
  const { token, shortened } = state;
  if (shortened !== undefined) tellShortened(parts, shortened, now);
  const settle = async (act: Promise<void>) => {
    await act.catch((err: unknown) =>
      log.error({ event: 'idempotency', err }, 'an Idempotency-Key stays held'),
    );
  };
  let made: Made;
  try {
    made = await work();
  } catch (error) {
    await settle(idempotency.releaseIdempotent(scope, token));
    throw error;
  }
  const answer = keptOf(made);
  if (answer === null) await settle(idempotency.releaseIdempotent(scope, token));
  else
    await settle(
      idempotency.finishIdempotent(scope, token, answer, new Date(clock()), new Date(clock() + KEPT_FOR)),
    );
  return shortened?.appid === scope.appid ? withKeptFor(made.envelope, now, shortened) : made.envelope;
}

/**
 * An app whose share is full is told with each answer for how long its answers are kept at present, in
 * seconds.
 */
function withKeptFor(envelope: Envelope, now: number, { keptSince }: ShortenedMemory): Envelope {
  const seconds = Math.max(0, Math.floor((now - keptSince.getTime()) / 1000));
  return { ...envelope, headers: { ...envelope.headers, 'idempotency-kept-for': String(seconds) } };
}

/**
 * Apps with a full share that the log has named, and when: each once an hour, as many as are remembered; by
 * store.
 */
const namedIn = new WeakMap<IdempotencyStore, Map<string, number>>();
const NAME_AGAIN_AFTER = 3_600_000;
const MOST_NAMED = 1000;

function tellShortened(parts: IdempotencyParts, what: ShortenedMemory, now: number): void {
  const { idempotency, log, observer } = parts;
  const { appid, answers, keptSince } = what;
  observer?.idempotencyShortened(answers);
  const named = namedIn.get(idempotency) ?? new Map<string, number>();
  namedIn.set(idempotency, named);
  const last = named.get(appid);
  if (last !== undefined && Math.abs(now - last) < NAME_AGAIN_AFTER) return;
  if (named.size >= MOST_NAMED) named.clear();
  named.set(appid, now);
  log.warn(
    { event: 'idempotency_share_full', appid, keptSince },
    'an app has more Idempotency-Keys than its share: its oldest answers are forgotten before 24 hours are over',
  );
}

function keptOf({ envelope, keep }: Made): KeptAnswer | null {
  const { body, http } = envelope;
  if (!keep || body === undefined || body.bytes.length > LONGEST_ANSWER) return null;
  return { http, contentType: body.contentType, body: body.bytes.toString('utf8') };
}

/** A kept answer, word for word; a header says that it is one. */
function replayed({ http, contentType, body }: KeptAnswer): Envelope {
  return {
    http,
    kind: null,
    message: 'replayed',
    data: {},
    headers: { 'idempotency-replayed': 'true', 'x-content-type-options': 'nosniff' },
    body: { contentType, bytes: Buffer.from(body, 'utf8') },
  };
}
