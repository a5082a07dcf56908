import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { connectionFault, refused } from './reasons.ts';
import { onceSettled } from './settle.ts';

/**
 * Names and values of an answer's headers together, in bytes; Node's own default, whatever its command line
 * says.
 */
const MAX_HEADER_BYTES = 16 * 1024;

/** Interim answers (RFC 9110 §15.2) that may stand before the one that counts. */
const MAX_INTERIM = 100;

/** What is sent besides the request line: nothing that tells who asks, and for whom. */
const HEADERS = {
  accept: 'image/*',
  'accept-encoding': 'identity',
  'user-agent': 'livestill',
  connection: 'close',
} as const;

/** What a request other than a plain GET sends. */
export interface Posted {
  /** POST where nothing is given. */
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Methods whose requests have a body, be it an empty one. */
const WITH_BODY = new Set(['PUT', 'POST']);

/**
 * Sends one GET, or the request that is `posted`, over `socket` and hands the answer to `use` as soon as its
 * headers are there; the result is `use`'s. The socket is destroyed at the end in any case, and whatever it,
 * the request or the answer say afterwards is dropped: no event of a foreign server's making is without a
 * listener, and what a listener throws ends this exchange alone.
 * @throws {Fault} `download_refused` `first_byte_timeout`, `broken_answer`, `tls_failed`
 * @throws {Error} what `use` throws
 * @throws {Error} the signal's reason
 */
export async function exchangeOver<T>(
  socket: Socket,
  url: URL,
  {
    firstByteMs,
    signal,
    posted,
  }: { readonly firstByteMs: number; readonly signal: AbortSignal; readonly posted?: Posted },
  use: (answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  if (socket.destroyed) throw broken('closed before it was asked');
  let answer: IncomingMessage | undefined;
  const method = posted === undefined ? 'GET' : (posted.method ?? 'POST');
  const hasBody = WITH_BODY.has(method);
  const request = httpRequest({
    createConnection: () => socket,
    method,
    path: `${url.pathname}${url.search}`,
    setHost: false,
    headers: {
      host: url.host,
      ...HEADERS,
      ...(posted === undefined
        ? {}
        : {
            accept: '*/*',
            ...(hasBody ? { 'content-length': String(posted.body.length) } : {}),
            ...posted.headers,
          }),
    },
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
  });
  try {
    answer = await answerTo(request, hasBody ? posted?.body : undefined, firstByteMs, signal);
    // From here on `use` listens; what the request says besides is of no use any more.
    return await use(answer);
  } finally {
    answer?.destroy();
    request.destroy();
    socket.destroy();
  }
}

/**
 * Settles with the headers of the answer that counts. The listeners stay: after it has settled they change
 * nothing.
 */
function answerTo(
  request: ClientRequest,
  body: Buffer | undefined,
  firstByteMs: number,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, settle } = onceSettled<IncomingMessage>(signal);
  const timer = setTimeout(() => {
    settle.reject(refused('first_byte_timeout', `The url's server sent no answer within ${firstByteMs} ms.`));
  }, firstByteMs);
  let interim = 0;
  request.maxHeadersCount = 0;
  request
    .on('information', () => {
      if (++interim > MAX_INTERIM) settle.reject(broken(`more than ${MAX_INTERIM} interim answers`));
    })
    .on('upgrade', () => settle.reject(broken('another protocol was offered')))
    .on('response', (answer) => {
      answer.on('error', () => {});
      settle.resolve(answer);
    })
    .on('error', (error) => settle.reject(connectionFault(error, true)))
    .on('close', () => settle.reject(broken('closed without an answer')))
    .end(body);
  return promise.finally(() => clearTimeout(timer));
}

function broken(why: string) {
  return refused('broken_answer', `The url's server did not answer properly (${why}).`);
}
