/** The web servers of callers' urls, on many loopback addresses: honest ones, slow ones, and such as answer to do harm. */
import { createServer } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const escapes = '\x1b[2J\x1b]0;owned\x07\u009b31m';

/** Names of answers of `/coded/…`: coding, framing and end of a body that an assertion of an HTTP client once fell over. */
export const codings = ['identity', 'gzip', 'br', 'deflate', 'lying'];
export const framings = ['length', 'none', 'http10', 'chunked', 'more', 'less'];
export const ends = ['fin', 'rst', 'half'];

/** Ways in which a redirect leads to the victim's url: `/redirect/…`. */
export const redirects = ['at-once', 'late', 'many', 'escapes'];

/** Answers of `/odd/…` whose bytes would stand in a log. */
export const oddities = [
  'status',
  'header',
  'jpeg',
  'reason',
  'upgrade',
  'interim',
  'silence',
  'drops',
  'endless',
];

/** Starts the server for all addresses of 127.0.0.0/8. `picture` is what honest urls give. */
export async function startForeign(picture) {
  const noisy = Buffer.concat([picture, Buffer.alloc(600_000, 'x')]);
  const packed = {
    identity: noisy,
    gzip: gzipSync(noisy),
    br: brotliCompressSync(noisy, quick),
    deflate: deflateSync(noisy),
    lying: noisy,
  };
  const server = createServer((socket) => {
    let asked = '';
    socket.on('error', () => {});
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on('data', (bytes) => {
      asked += bytes.toString('latin1');
      const path = /^GET (\S+) HTTP/.exec(asked)?.[1];
      if (path === undefined || !asked.includes('\r\n\r\n')) return;
      asked = '';
      answer(socket, path.split('?')[0].split('/').slice(1), {
        picture,
        packed,
        port: server.address().port,
      });
    });
  });
  await new Promise((done) => server.listen(0, '0.0.0.0', done));
  const { port } = server.address();
  return { port, url: (host, path) => `http://${host}:${port}${path}`, stop: () => server.close() };
}

/** The host of the victim's url. */
export const victim = '127.0.9.9';

function answer(socket, [kind, ...rest], { picture, packed, port }) {
  const redirect = (location) =>
    `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
  const honest = () => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${picture.length}\r\n\r\n`);
    socket.end(picture);
  };
  if (kind === 'picture.jpg') honest();
  // The victim is slow enough to fail for whoever comes late, and fast enough for whoever comes at once.
  else if (kind === 'victim.jpg') setTimeout(honest, 150);
  else if (kind === 'slow.jpg') setTimeout(() => socket.end(), 15_000).unref();
  else if (kind === 'coded') coded(socket, rest, packed);
  else if (kind === 'redirect') {
    const location = `http://${victim}:${port}/victim.jpg`;
    const [how] = rest;
    if (how === 'late') setTimeout(() => socket.end(redirect(location)), 1400);
    else if (how === 'many') socket.end(redirect('/redirect/many'));
    else if (how === 'escapes') socket.end(Buffer.from(redirect(`http://a${escapes}b/${escapes}`), 'latin1'));
    else socket.end(redirect(location));
  } else odd(socket, rest[0], packed);
}

function coded(socket, [coding, framing, end], packed) {
  const body = packed[coding];
  const lines = [`HTTP/1.${framing === 'http10' ? 0 : 1} 200 OK`, 'Connection: close'];
  if (coding !== 'identity') lines.push(`Content-Encoding: ${coding === 'lying' ? 'gzip' : coding}`);
  const lengths = { length: body.length, more: body.length + 9, less: body.length - 9 };
  if (framing in lengths) lines.push(`Content-Length: ${lengths[framing]}`);
  if (framing === 'chunked') lines.push('Transfer-Encoding: chunked');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (framing === 'chunked') {
    socket.write(`${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.write('\r\n0\r\n\r\n');
  } else socket.write(body);
  if (end === 'rst') setTimeout(() => socket.resetAndDestroy(), 5);
  else if (end === 'fin') socket.end();
  else setTimeout(() => socket.end(), 500);
}

function odd(socket, name, { identity }) {
  const bytes = Buffer.from(escapes.repeat(2000), 'latin1');
  const ok = 'HTTP/1.1 200 OK\r\n';
  const parts = {
    status: [`HTTP/1.1 999 ${escapes}\r\n\r\n`],
    header: [`${ok}X: `, bytes, '\r\n\r\n'],
    jpeg: [identity.subarray(0, 63_000)],
    reason: ['HTTP/1.1 404 ', bytes, '\r\n\r\n'],
    upgrade: ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n', bytes],
    interim: ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(5000)],
    silence: [],
    drops: [`${ok}Content-Length: 100000\r\n\r\n`, identity.subarray(0, 100)],
    endless: [`${ok}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'.repeat(100_000)],
  }[name] ?? ['HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'];
  for (const part of parts) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  if (name !== 'silence' && name !== 'drops') socket.end();
}
