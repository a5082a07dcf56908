import type { Logger } from 'pino';
import { Fault } from '../../faults.ts';
import type { Ledger } from '../../ledger/types.ts';
import type { Downloader } from '../../picture/types.ts';
import type { JudgingRules } from '../../policy/policy.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Answering, downloadRefusedRow } from './ledger-row.ts';
import type { Facts } from './log.ts';

/**
 * Fetches a request's picture. How long it took goes into the request's line in the log; what only
 * report-only mode let through leaves a line of its own. It uses the share of the app whose caller asked
 * (`facts.appid`). Why a download was refused is the reason of the fault.
 * @throws {Fault} `download_refused`
 * @throws {AbortError} when the caller went away
 */
export function fetchPicture(
  { downloader, log }: { readonly downloader: Downloader; readonly log: Logger },
  url: URL,
  exchange: Pick<Exchange, 'requestId' | 'signal'>,
  facts: Facts,
): Promise<Uint8Array> {
  const { requestId, signal } = exchange;
  return downloader.download(url, signal, {
    app: facts.appid,
    observe({ outcome, reason, host, detail, milliseconds }) {
      if (outcome === 'reported') {
        log.warn({ event: 'download_reported', requestId, host, reason, detail }, 'let through, report only');
      } else {
        facts.downloadMilliseconds = Math.round(milliseconds * 10) / 10;
      }
    },
  });
}

/** What a download leaves behind when it is refused. */
export interface FetchDeps extends Answering {
  readonly downloader: Downloader;
  readonly log: Logger;
  readonly ledger: Ledger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly rules?: JudgingRules;
  /** What will be answered for a fault. */
  envelopeOf(fault: Fault): Envelope;
}

/**
 * As `fetchPicture`; a download that is refused or fails leaves a row in the ledger before its answer, where
 * the ledger can be written.
 * @throws {Fault} `download_refused`
 * @throws {AbortError} when the caller went away
 */
export async function fetchRecorded(
  deps: FetchDeps,
  url: URL,
  exchange: Exchange,
  facts: Facts,
): Promise<Uint8Array> {
  try {
    return await fetchPicture(deps, url, exchange, facts);
  } catch (error) {
    if (!(error instanceof Fault && error.kind === 'download_refused')) throw error;
    const { api, version, rules, clock, ledger } = deps;
    const envelope = deps.envelopeOf(error);
    const decided = { api, version, at: clock(), exchange, facts, envelope, fault: error };
    facts.isRecorded = true;
    facts.stages?.enter('record');
    // Nothing was judged, and the contract puts a refused download before a ledger that fails: the answer
    // stays.
    await ledger
      .append(downloadRefusedRow(rules === undefined ? decided : { ...decided, rules }))
      .catch((err: unknown) =>
        deps.log.error(
          { event: 'refusal_not_kept', requestId: exchange.requestId, err },
          'a refused download has no row',
        ),
      );
    throw error;
  }
}
