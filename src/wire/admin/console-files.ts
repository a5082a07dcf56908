import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The built console, beside the built service; there too where this runs from the sources. */
export const CONSOLE_FOLDER = fileURLToPath(new URL('../../../dist/web-console', import.meta.url));

/** What to do where it is not there. */
export const BUILD_CONSOLE = 'Run "npm run build" in the clone, or install the package anew.';

/** What the console's page may do: only what comes from this very port, and nothing written into the page. */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "font-src 'self'",
  "media-src 'self' blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

const PAGE_HEADERS = {
  'content-security-policy': CONSOLE_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(self), microphone=(), geolocation=(), payment=(), usb=(), publickey-credentials-get=(self)',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

/** A file of the console, in memory as it is sent. */
interface ConsoleFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** Packed when it is first asked for, and kept: most starts of a service are followed by no visit. */
  zipped(): Promise<Buffer>;
}

/**
 * `/console/`, the single-page app that was built into `folder`. The files are read once, when the server
 * starts: no path of a caller ever reaches the disk. Every path without a file is the page itself, which
 * knows its own addresses; files under `assets/` carry a hash in their name and never change.
 */
export async function consoleFiles(
  app: FastifyInstance,
  { folder }: { readonly folder: string },
): Promise<void> {
  const files = await readFiles(folder);
  const page = files.get('index.html');
  for (const path of ['/', '/console'])
    app.get(path, async (_request, reply) => reply.headers(PAGE_HEADERS).redirect('/console/', 302));
  app.get<{ Params: { '*': string } }>('/console/*', async (request, reply) => {
    const name = request.params['*'];
    const file = files.get(name === '' ? 'index.html' : name);
    reply.headers(PAGE_HEADERS);
    if (file !== undefined && name.startsWith('assets/')) {
      return send(request, reply.header('cache-control', 'public, max-age=31536000, immutable'), file);
    }
    reply.header('cache-control', 'no-cache');
    if (name.startsWith('assets/') || (file === undefined && page === undefined)) {
      return reply
        .code(404)
        .type('text/plain; charset=utf-8')
        .send(missing(page !== undefined));
    }
    return send(request, reply, file ?? page!);
  });
}

function missing(isBuilt: boolean): string {
  return isBuilt
    ? 'There is no such file: load the page again.\n'
    : `The console was not built. ${BUILD_CONSOLE}\n`;
}

async function send(request: FastifyRequest, reply: FastifyReply, { type, bytes, zipped }: ConsoleFile) {
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  reply.type(type).header('vary', 'accept-encoding');
  return takesGzip ? reply.header('content-encoding', 'gzip').send(await zipped()) : reply.send(bytes);
}

const zip = promisify(gzip);

function zippedOnce(bytes: Buffer): () => Promise<Buffer> {
  let zipped: Promise<Buffer> | undefined;
  return () => {
    zipped ??= zip(bytes, { level: 9 });
    return zipped;
  };
}

/** All files below a folder, by path with slashes; none where there is no folder. */
async function readFiles(folder: string): Promise<ReadonlyMap<string, ConsoleFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && extname(entry.name) in TYPES);
  const read = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    const bytes = await readFile(path);
    const file = { type: TYPES[extname(name)], bytes, zipped: zippedOnce(bytes) };
    return [path.slice(folder.length + 1).replaceAll('\\', '/'), file] as const;
  });
  return new Map(await Promise.all(read));
}
