import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Fault } from '../../../src/faults.ts';
import { createDownloader, type DownloadOptions } from '../../../src/picture/download/download.ts';
import type { DownloadEvent } from '../../../src/picture/types.ts';

/** A url's server on 127.0.0.1 that does what the test says. */
export interface UrlServer {
  readonly port: number;
  handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Requests seen: `Host` and path. */
  readonly seen: string[];
  /** Connections open at this moment. */
  readonly open: Set<Socket>;
  stop(): Promise<void>;
}

export async function startUrlServer(handler: RequestListener): Promise<UrlServer> {
  const open = new Set<Socket>();
  const server = createServer((request, response) => {
    own.seen.push(`${request.headers.host}${request.url}`);
    own.handler(request, response);
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const own: UrlServer = {
    port: (server.address() as AddressInfo).port,
    handler,
    seen: [],
    open,
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return own;
}

/** How a download went, told in one word or the body's length. */
export interface Attempt {
  readonly reason: string;
  readonly bytes: Buffer;
  readonly retryAfter: number | undefined;
}

/** A downloader for tests with limits of its own, and all that it told its observer. */
export function testDownloader(options: Partial<DownloadOptions> & Pick<DownloadOptions, 'ports'>) {
  const events: DownloadEvent[] = [];
  const downloader = createDownloader({
    enabled: true,
    allowPrivate: ['127.0.0.0/8'],
    maxRedirects: 3,
    maxBytes: 1_000_000,
    // Busy machines take their time: what is to end for its time sets a shorter one.
    timeoutMs: 60_000,
    connectTimeoutMs: 60_000,
    firstByteTimeoutMs: 60_000,
    slowWindowMs: 60_000,
    resolve: async () => ['127.0.0.1'],
    observe: (event) => events.push(event),
    ...options,
  });
  const attempt = async (
    url: string,
    signal = new AbortController().signal,
    app?: string,
  ): Promise<Attempt> => {
    try {
      const { buffer, byteOffset, length } = await downloader.download(new URL(url), signal, { app });
      return {
        reason: 'fetched',
        bytes: Buffer.from(buffer, byteOffset, length),
        retryAfter: undefined,
      };
    } catch (error) {
      if (!(error instanceof Fault && error.kind === 'download_refused')) throw error;
      const { reason, retryAfter } = error;
      return { reason, bytes: Buffer.alloc(0), retryAfter };
    }
  };
  return { attempt, events };
}
