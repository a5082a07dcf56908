import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type AnswerCase,
  codings,
  ends,
  expectedOf,
  framings,
  keepAlives,
  pictureOf,
  startAnswers,
  timings,
} from './support/answer-matrix.ts';
import { testDownloader } from './support/url-server.ts';

// Most of a download's time is the wait until a body that stops is given up.
vi.setConfig({ maxConcurrency: 40 });

const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);
process.on('uncaughtException', note).on('unhandledRejection', note);
afterEach(() => {
  expect(uncaught.splice(0)).toEqual([]);
});

const limit = 8 * 1024 * 1024;

/** Runs the cases and gives those that came to something else than they may. */
async function wrongOf(cases: readonly AnswerCase[]): Promise<string[]> {
  const server = await startAnswers(cases);
  const { attempt } = testDownloader({
    ports: server.ports,
    maxBytes: limit,
    // Long, since the server is in the same process and other tests use the processor.
    timeoutMs: 60_000,
    firstByteTimeoutMs: 60_000,
    slowWindowMs: 6000,
    slowWindowBytes: 1,
    failing: { afterFailures: Number.POSITIVE_INFINITY },
    maxPerHost: 1000,
  });
  const wrong: string[] = [];
  const one = async (index: number) => {
    const given = cases[index] as AnswerCase;
    const { reason, bytes } = await attempt(server.urlOf(index));
    const came = reason === 'fetched' ? `fetched${sameness(bytes, given)}` : reason;
    if (!expectedOf(given).includes(came))
      wrong.push(`${Object.values(given).join(' ')}: ${came}, not ${expectedOf(given)}`);
  };
  try {
    // Early answers go to the next connection, so these come one by one.
    const [early, others] = [true, false].map((wanted) =>
      cases.flatMap((each, index) => ((each.timing === 'early') === wanted ? [index] : [])),
    ) as [number[], number[]];
    for (const index of early) await one(index);
    const workers = Array.from({ length: 24 }, async () => {
      for (let index = others.pop(); index !== undefined; index = others.pop()) await one(index);
    });
    await Promise.all(workers);
  } finally {
    server.stop();
  }
  return wrong;
}

/** Nothing where the bytes are the picture's. */
function sameness(bytes: Buffer, given: AnswerCase): string {
  const picture = pictureOf(given);
  if (bytes.equals(picture)) return '';
  if (bytes.equals(picture.subarray(0, -1))) return '-short';
  return bytes.equals(picture.subarray(0, bytes.length)) ? '-beginning' : '-wrong';
}

describe('whatever a server answers, it costs that download alone', {
  timeout: 300_000,
  concurrent: true,
}, () => {
  it.each(framings.flatMap((framing) => codings.map((coding) => [framing, coding] as const)))(
    '%s, %s: every size, end, time and keep-alive',
    async (framing, coding) => {
      // What a bomb holds has one size.
      const sizes = coding === 'bomb' ? [1] : [1, 300_000];
      const cases = sizes.flatMap((size) =>
        ends.flatMap((end, at) =>
          timings.map((timing, other): AnswerCase => {
            const keepAlive = keepAlives[(at + other) % keepAlives.length] ?? 'none';
            return { framing, coding, size, end, timing, keepAlive };
          }),
        ),
      );
      expect((await wrongOf(cases)).join('\n')).toBe('');
    },
  );
});

describe('so it does with 6 MiB', { timeout: 300_000, concurrent: true }, () => {
  it.each(framings)('%s: 6 MiB', async (framing) => {
    const size = 6 * 1024 * 1024;
    const cases = (['identity', 'gzip', 'br', 'deflate', 'lying'] as const).flatMap((coding) =>
      ends.map(
        (end, at): AnswerCase => ({
          framing,
          coding,
          size,
          end,
          timing: timings[at] ?? 'late',
          keepAlive: keepAlives[at % 3] ?? 'none',
        }),
      ),
    );
    expect((await wrongOf(cases)).join('\n')).toBe('');
  });
});

/** A server of bytes: sends them, in two pieces, and ends in one of two ways. */
async function withBytes<T>(answer: Buffer, cut: number, reset: boolean, use: (port: number) => Promise<T>) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => {})
      .once('data', () => {
        socket.write(answer.subarray(0, cut));
        setImmediate(() => {
          socket.write(answer.subarray(cut), () => (reset ? socket.resetAndDestroy() : socket.end()));
        });
      });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

describe('answers made by chance', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.0 200\r\n',
      'HTTP/1.1 302 Found\r\nLocation: /\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'Content-Length: 5\r\n',
      'Content-Length: 5, 5\r\n',
      'Content-Length: -1\r\n',
      'Content-Length: 99999999999999999999\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Transfer-Encoding: gzip, chunked\r\n',
      'Content-Encoding: gzip\r\n',
      'Connection: close\r\n',
      '\r\n',
      '5\r\nabcde\r\n',
      '0\r\n\r\n',
      'ffffffffffffffffff\r\n',
      '\x1f\x8b\x08',
      'abcde',
    ),
    fc.string({ maxLength: 20, unit: 'binary' }),
  );
  it('end in bytes or in a reason, and nothing is left uncaught', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        async (pieces, part, reset) => {
          const answer = Buffer.from(pieces.join(''), 'latin1');
          const cut = Math.floor(part * answer.length);
          const { reason } = await withBytes(answer, cut, reset, (port) =>
            testDownloader({ ports: [port], timeoutMs: 1000 }).attempt(`http://127.0.0.1:${port}/`),
          );
          expect(reason).toMatch(/^[a-z0-9_]+$/);
          expect(uncaught).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('answers that cost more than their bytes', () => {
  const answering =
    (respond: (socket: Socket) => void) =>
    async (limits: { timeoutMs?: number } = {}) => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => {}).once('data', () => respond(socket));
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;
      try {
        return await testDownloader({ ports: [port], maxBytes: limit, ...limits }).attempt(
          `http://127.0.0.1:${port}/`,
        );
      } finally {
        server.close();
        for (const socket of sockets) socket.destroy();
      }
    };

  it('a body in chunks of one byte is left after some thousands', async () => {
    const chunks = Buffer.from('1\r\nx\r\n'.repeat(50_000));
    const attempt = answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write(chunks);
    });
    expect((await attempt()).reason).toBe('broken_answer');
  });

  it('a picture in chunks of a line each is taken', async () => {
    const chunk = `100\r\n${'x'.repeat(256)}\r\n`;
    const attempt = answering((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(16_000)}0\r\n\r\n`);
    });
    expect((await attempt()).bytes).toHaveLength(4_096_000);
  });

  it('chunk extensions count as bytes on the wire', async () => {
    const chunk = `400;${'e'.repeat(8000)}\r\n${'x'.repeat(1024)}\r\n`;
    const attempt = answering((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3000)}0\r\n\r\n`);
    });
    expect((await attempt()).reason).toBe('too_large');
  });

  it('interim answers without end are left before the time is up', async () => {
    const attempt = answering((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n'.repeat(500));
    });
    expect((await attempt()).reason).toBe('broken_answer');
  });

  it('another protocol, offered or forced', async () => {
    const attempt = answering((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    });
    expect((await attempt()).reason).toBe('broken_answer');
  });

  it('a coding of the transfer is refused by its name', async () => {
    const attempt = answering((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n');
    });
    expect((await attempt()).reason).toBe('content_encoding');
  });
});
