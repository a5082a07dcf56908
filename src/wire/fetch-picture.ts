import type { Logger } from 'pino';
import type { Downloader } from '../picture/types.ts';
import type { Exchange } from './exchange.ts';
import type { Facts } from './legacy/decision-log.ts';

/**
 * Fetches a request's picture. How long it took goes into the request's line in the log; what only report-only mode let through leaves a
 * line of its own. It uses the share of the app whose caller asked (`facts.appid`). Why a download was refused is the reason of the fault.
 * @throws Fault -5805; AbortError when the caller went away
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
