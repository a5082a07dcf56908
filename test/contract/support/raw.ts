import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; a repeated header keeps its last value. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body parsed. */
  readonly json: { code: number; message: string; data: Record<string, unknown> };
}

/** A connection that a test writes bytes to. */
export interface RawConnection {
  readonly socket: Socket;
  write(...parts: (string | Buffer)[]): void;
  /** The next complete answer; interim answers (100) are returned too, without a body. */
  next(): Promise<RawAnswer>;
  /** Resolves when the other side has closed; what came beyond complete answers is returned. */
  closed(): Promise<string>;
  destroy(): void;
}

/** @param options.from the address to call from, where that matters: any of 127.0.0.0/8 */
export function open(port: number, options: { tls?: boolean; from?: string } = {}): RawConnection {
  const socket = options.tls
    ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'localhost' })
    : connect({
        port,
        host: '127.0.0.1',
        ...(options.from === undefined ? {} : { localAddress: options.from }),
      });
  let buffer: Buffer = Buffer.alloc(0);
  let ended = false;
  let failure: Error | undefined;
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    wake();
  });
  socket.on('error', (error) => {
    failure = error;
    wake();
  });
  socket.on('close', () => {
    ended = true;
    wake();
  });
  const more = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  return {
    socket,
    write(...parts) {
      for (const part of parts) socket.write(part);
    },
    async next() {
      for (;;) {
        const found = takeAnswer(buffer);
        if (found !== null) {
          buffer = found.rest;
          return found.answer;
        }
        if (ended) {
          const why = failure === undefined ? 'closed' : failure.message;
          throw new Error(
            `no complete answer (${why}); received ${JSON.stringify(buffer.toString('latin1'))}`,
          );
        }
        await more();
      }
    },
    async closed() {
      while (!ended) await more();
      return buffer.toString('latin1');
    },
    destroy: () => socket.destroy(),
  };
}

/** Writes one request, byte for byte, and reads its answer. The other side's closing is not awaited. */
export async function exchange(port: number, ...parts: (string | Buffer)[]): Promise<RawAnswer> {
  const connection = open(port);
  try {
    connection.write(...parts);
    return await connection.next();
  } finally {
    connection.destroy();
  }
}

function takeAnswer(buffer: Buffer): { answer: RawAnswer; rest: Buffer } | null {
  const end = buffer.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [first = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = Number(first.split(' ')[1]);
  const length = status < 200 ? 0 : Number(headers['content-length'] ?? 0);
  const start = end + 4;
  if (buffer.length < start + length) return null;
  const body = buffer.toString('utf8', start, start + length);
  const json = body === '' ? { code: Number.NaN, message: '', data: {} } : JSON.parse(body);
  return { answer: { status, headers, body, json }, rest: buffer.subarray(start + length) };
}

/** A complete request to the old API with the given headers and body; `Content-Length` is added. */
export function post(headers: readonly string[], body: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    'POST /face/livedetectpicture HTTP/1.1',
    'Host: recognition.image.myqcloud.com',
    `Content-Length: ${bytes.length}`,
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}
