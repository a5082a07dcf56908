import {
  attempt,
  type CallOptions,
  retryAfter,
  type TransportOptions,
  withoutSlashes,
  withRetries,
} from './attempt.ts';
import { parse } from './client.ts';
import { InputError, LegacyError } from './errors.ts';
import { legacySign } from './legacy-sign.ts';
import { type Picture, ready } from './picture.ts';
import { isPercent } from './shapes.ts';

/** How a client of the old API is made. */
export interface LegacyClientOptions extends TransportOptions {
  readonly baseUrl: string;
  readonly appid: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly bucket?: string;
  readonly maxPictureBytes?: number;
}

/** The answer of the old API to a judged picture. */
export interface LegacyScore {
  /** 0-100; above 87 the picture is taken for a live person. */
  score: number;
  requestId: string | undefined;
  /** `X-Liveness-Reason` of a picture that is not taken for live: `attack`, `poor_quality`. */
  reason: string | undefined;
}

/** A client of the old API, `POST /face/livedetectpicture`. Every try is signed anew. */
export class LegacyClient {
  readonly #options: LegacyClientOptions;

  /** @throws {InputError} when an option cannot be used */
  constructor(options: LegacyClientOptions) {
    if (!/^https?:\/\/[^/]/i.test(options.baseUrl)) {
      throw new InputError('baseUrl must be an http or https address');
    }
    this.#options = options;
  }

  /**
   * Scores one picture.
   * @throws {LegacyError} when the code is another than 0, no face (-4015) included
   * @throws {ConnectionError} when the service cannot be reached
   * @throws {TimeoutError} when it does not answer in time
   * @throws {InputError} when the picture or an option cannot be used
   * @throws {unknown} the reason of an aborted signal
   */
  async judge(picture: Picture, options: CallOptions = {}): Promise<LegacyScore> {
    const { baseUrl, appid, secretId, secretKey, bucket = '', fetch: send = fetch } = this.#options;
    const { signal, timeout = this.#options.timeout ?? 30_000 } = options;
    const { bytes, url } = await ready(picture, this.#options.maxPictureBytes ?? 2 ** 25);
    const address = `${withoutSlashes(baseUrl)}/face/livedetectpicture`;
    const make = async () => {
      const headers: Record<string, string> = {
        authorization: await legacySign({ appid, secretId, secretKey, bucket }),
      };
      let body: FormData | string;
      if (url === undefined) {
        body = new FormData();
        body.append('appid', appid);
        body.append('image', bytes instanceof Blob ? bytes : new Blob([bytes]), 'picture');
      } else {
        headers['content-type'] = 'application/json';
        body = JSON.stringify({ appid, url });
      }
      return attempt(send, address, { method: 'POST', headers, body }, timeout, signal);
    };
    const { status, headers, text } = await withRetries(make, this.#options, signal);
    const envelope = parse(text);
    const { score } = (envelope?.data ?? {}) as { score?: unknown };
    const requestId = headers.get('x-request-id') ?? undefined;
    if (envelope?.code === 0 && isPercent(score)) {
      return { score, requestId, reason: headers.get('x-liveness-reason') ?? undefined };
    }
    throw new LegacyError({
      code: typeof envelope?.code === 'number' ? envelope.code : 213,
      message: String(envelope?.message ?? `Expected an answer of the old API, found HTTP ${status}`),
      status,
      requestId,
      retryAfter: retryAfter(headers),
    });
  }
}
