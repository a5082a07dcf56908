import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

export const framings = [
  'length',
  'chunked',
  'chunked-trailers',
  'until-close',
  'http10-until-close',
  'http10-length',
  'interim-first',
  'announces-more',
  'announces-less',
] as const;
export const codings = [
  'identity',
  'gzip',
  'deflate',
  'deflate-raw',
  'br',
  'unknown',
  'lying',
  'truncated',
  'bomb',
  'double',
] as const;
export const ends = ['fin', 'reset', 'half-close', 'open'] as const;
export const timings = ['after-request', 'early', 'late', 'in-pieces'] as const;
export const keepAlives = ['close', 'keep-alive', 'none'] as const;

export type Framing = (typeof framings)[number];
export type Coding = (typeof codings)[number];

/** One way of answering. */
export interface AnswerCase {
  readonly framing: Framing;
  readonly coding: Coding;
  /** Bytes of the picture before it is encoded. */
  readonly size: number;
  readonly end: (typeof ends)[number];
  readonly timing: (typeof timings)[number];
  readonly keepAlive: (typeof keepAlives)[number];
}

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const noise = randomBytes(6 * 1024 * 1024);
const bodies = new Map<string, Buffer>();

/** The picture of a case; bytes that nothing compresses. */
export const pictureOf = ({ size }: Pick<AnswerCase, 'size'>) => noise.subarray(0, size);

function encoded(coding: Coding, size: number): Buffer {
  const picture = noise.subarray(0, size);
  switch (coding) {
    case 'gzip':
      return gzipSync(picture, { level: 1 });
    case 'deflate':
      return deflateSync(picture, { level: 1 });
    case 'deflate-raw':
      return deflateRawSync(picture, { level: 1 });
    case 'br':
      return brotliCompressSync(picture, quick);
    case 'truncated':
      return gzipSync(picture, { level: 1 }).subarray(0, -4);
    case 'bomb':
      return gzipSync(Buffer.alloc(32 * 1024 * 1024), { level: 1 });
    case 'double':
      return gzipSync(gzipSync(picture, { level: 1 }), { level: 1 });
    default:
      return picture;
  }
}

function bodyOf(coding: Coding, size: number): Buffer {
  const key = `${coding} ${size}`;
  const body = bodies.get(key) ?? encoded(coding, size);
  bodies.set(key, body);
  return body;
}

const codingNames: Readonly<Record<Coding, string | null>> = {
  identity: null,
  gzip: 'gzip',
  deflate: 'deflate',
  'deflate-raw': 'deflate',
  br: 'br',
  unknown: 'zstd',
  lying: 'gzip',
  truncated: 'gzip',
  bomb: 'gzip',
  double: 'gzip, gzip',
};

/** Whether only the end of the connection tells where the body ends. */
const endless = (framing: Framing) => framing === 'until-close' || framing === 'http10-until-close';

/** The answer's bytes, headers and body apart. */
function answerOf({ framing, coding, size, keepAlive }: AnswerCase): { head: string; body: Buffer } {
  const body = bodyOf(coding, size);
  const lines = [`HTTP/${framing.startsWith('http10') ? '1.0' : '1.1'} 200 OK`, 'Content-Type: image/jpeg'];
  const name = codingNames[coding];
  if (name !== null) lines.push(`Content-Encoding: ${name}`);
  if (keepAlive !== 'none') lines.push(`Connection: ${keepAlive}`);
  const lengths: Partial<Record<Framing, number>> = {
    length: body.length,
    'http10-length': body.length,
    'interim-first': body.length,
    'announces-more': body.length + 10,
    'announces-less': body.length - 1,
  };
  const length = lengths[framing];
  if (length !== undefined) lines.push(`Content-Length: ${length}`);
  const chunked = framing.startsWith('chunked');
  if (chunked) lines.push('Transfer-Encoding: chunked');
  const first =
    framing === 'interim-first'
      ? 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n'
      : '';
  const head = `${first}${lines.join('\r\n')}\r\n\r\n`;
  const trailers = framing === 'chunked-trailers';
  return { head, body: chunked ? chunkedBody(coding, size, trailers) : body };
}

const chunkedBodies = new Map<string, Buffer>();
function chunkedBody(coding: Coding, size: number, trailers: boolean): Buffer {
  const key = `${coding} ${size} ${trailers}`;
  const made = chunkedBodies.get(key) ?? chunksOf(bodyOf(coding, size), trailers);
  chunkedBodies.set(key, made);
  return made;
}

function chunksOf(body: Buffer, trailers: boolean): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += 50_000) {
    const piece = body.subarray(at, at + 50_000);
    parts.push(Buffer.from(`${piece.length.toString(16)};name=value\r\n`), piece, Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(`0\r\n${trailers ? 'X-Checksum: abc\r\n' : ''}\r\n`));
  return Buffer.concat(parts);
}

/**
 * What a download of the case may come to. A reset may overtake bytes that were sent before it, and an answer that comes before the
 * request may be cut by the reset that the request then meets: there the answer as it is and a broken one are both right.
 */
export function expectedOf(given: AnswerCase): readonly string[] {
  const { framing, coding, end, timing } = given;
  const whole = outcomeOfWhole(given);
  const possible = [];
  if (coding === 'unknown' || coding === 'double') possible.push(whole);
  else if ((endless(framing) || framing === 'announces-more') && end === 'open') possible.push('slow_body');
  else if (framing === 'announces-more' || (endless(framing) && end === 'reset'))
    possible.push('broken_answer');
  else possible.push(whole);
  if (end === 'reset' || (timing === 'early' && end !== 'open')) possible.push('broken_answer');
  // libuv takes a reset right behind the last bytes for an ordinary end (libuv#4992): where only the end delimits the body,
  // nothing tells it from a whole one, and what is no whole picture is the decoder's to refuse.
  if (endless(framing) && end !== 'open' && possible.includes('broken_answer')) {
    possible.push(whole, ...(coding === 'identity' ? ['fetched-beginning'] : []));
  }
  // The reset may be there before the connection is known to stand.
  if (end === 'reset' && timing === 'early') possible.push('connect_failed');
  return possible;
}

function outcomeOfWhole({ framing, coding, size }: AnswerCase): string {
  switch (coding) {
    case 'unknown':
    case 'double':
      return 'content_encoding';
    case 'lying':
    case 'truncated':
      return framing === 'announces-less' && size === 1 && coding === 'lying' ? 'empty' : 'broken_answer';
    case 'bomb':
      return 'too_large';
    case 'identity':
      return framing === 'announces-less' ? (size === 1 ? 'empty' : 'fetched-short') : 'fetched';
    default:
      // A byte less is no whole stream any more; of a raw one it may be padding.
      return framing === 'announces-less' ? 'broken_answer' : 'fetched';
  }
}

/** A server that answers `/<index>` as the case of that index says, and early ones by the name `early-<index>` of the port. */
export async function startAnswers(cases: readonly AnswerCase[]) {
  // Made before anything is timed.
  for (const { coding, size } of cases) bodyOf(coding, size);
  const sockets = new Set<Socket>();
  const listen = async (onConnection: (socket: Socket) => void) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      onConnection(socket);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return { server, port: (server.address() as AddressInfo).port };
  };
  const byRequest = await listen((socket) => {
    socket.once('data', (bytes: Buffer) => {
      const index = Number(/^GET \/(\d+)/.exec(bytes.toString('latin1'))?.[1]);
      socket.resume();
      void answer(socket, cases[index] as AnswerCase);
    });
  });
  let next: AnswerCase | undefined;
  const early = await listen((socket) => {
    socket.resume();
    if (next !== undefined) void answer(socket, next);
  });
  return {
    ports: [byRequest.port, early.port],
    /** The url of a case; of an early one only the next connection is answered so. */
    urlOf(index: number): string {
      if (cases[index]?.timing !== 'early') return `http://127.0.0.1:${byRequest.port}/${index}`;
      next = cases[index];
      return `http://127.0.0.1:${early.port}/${index}`;
    },
    stop() {
      byRequest.server.close();
      early.server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function answer(socket: Socket, given: AnswerCase): Promise<void> {
  const { head, body } = answerOf(given);
  if (given.timing === 'late') await wait(15);
  const write = (bytes: Buffer | string) => new Promise((done) => socket.write(bytes, done));
  if (given.timing === 'in-pieces') {
    for (const part of [
      head.slice(0, 9),
      head.slice(9),
      body.subarray(0, 1),
      body.subarray(1, 1000),
      body.subarray(1000),
    ]) {
      await write(part);
      await wait(1);
    }
  } else {
    // Both in one write.
    socket.cork();
    socket.write(head);
    const written = write(body);
    socket.uncork();
    await written;
  }
  if (given.end === 'open') return;
  if (given.end === 'reset') socket.resetAndDestroy();
  else if (given.end === 'half-close') socket.end();
  else {
    socket.end();
    socket.destroySoon();
  }
}
