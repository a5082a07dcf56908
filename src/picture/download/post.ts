import { connectPinned } from './connect.ts';
import type { DownloadOptions } from './download.ts';
import { exchangeOver, type Posted } from './exchange.ts';
import { refused } from './reasons.ts';
import { createUrlCheck } from './url-check.ts';

/** Sends something to a caller's url. */
export interface Poster {
  /**
   * Sends one POST; what is answered is not read, and redirects are not followed.
   * @returns the HTTP status
   * @throws {Fault} `download_refused` where the url is not allowed, or there was no answer
   */
  post(url: URL, posted: Posted): Promise<number>;
}

/**
 * Posts to callers' urls under the rules by which their pictures are fetched: http and https, configured
 * ports, public addresses, the connection made to an address that was checked.
 */
export function createPoster(options: DownloadOptions): Poster {
  const check = createUrlCheck(options);
  return {
    async post(given, posted) {
      if (!options.enabled) throw refused('downloads_off', 'Urls are switched off (download.enabled).');
      const control = new AbortController();
      const timer = setTimeout(() => {
        control.abort(refused('timeout', `The call took longer than ${options.timeoutMs} ms.`));
      }, options.timeoutMs);
      const { signal } = control;
      try {
        const report = () => {};
        const host = check.checkUrl(given, report);
        const url = new URL(given);
        if (url.hostname.endsWith('.')) url.hostname = host;
        const addresses = await check.addressesOf(host, signal, report);
        const { connectTimeoutMs = 2000, firstByteTimeoutMs = 3000, ca } = options;
        const connecting = { connectTimeoutMs, ...(ca === undefined ? {} : { ca }) };
        const socket = await connectPinned(url, addresses, connecting, signal);
        const limits = { firstByteMs: firstByteTimeoutMs, signal, posted };
        return await exchangeOver(socket, url, limits, async (answer) => answer.statusCode ?? 0);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
