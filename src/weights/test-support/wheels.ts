import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from './registry.ts';

/** CRC-32 as zip archives have it. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ -1) >>> 0;
}

const words = (...values: readonly (readonly [bytes: 2 | 4, value: number])[]) =>
  Buffer.concat(
    values.map(([length, value]) => {
      const bytes = Buffer.alloc(length);
      bytes.writeUIntLE(value, 0, length);
      return bytes;
    }),
  );

/** A zip archive of the given files (path inside → content), nothing compressed: what a wheel is. */
export function makeWheel(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [path, text] of Object.entries(files)) {
    const content = Buffer.from(text as Uint8Array);
    const name = Buffer.from(path);
    const facts = words(
      [2, 20],
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 33],
      [4, crc32(content)],
      [4, content.length],
      [4, content.length],
      [2, name.length],
      [2, 0],
    );
    const head = Buffer.concat([words([4, 0x04034b50]), facts, name]);
    local.push(head, content);
    const rest = words([2, 0], [2, 0], [2, 0], [4, 0], [4, at]);
    central.push(Buffer.concat([words([4, 0x02014b50], [2, 20]), facts, rest, name]));
    at += head.length + content.length;
  }
  const directory = Buffer.concat(central);
  const count = central.length;
  const end = words(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, directory.length],
    [4, at],
    [2, 0],
  );
  return Buffer.concat([...local, directory, end]);
}

/** A wheel that pip takes for one of `name` and `version`, with `files` beside what every wheel has. */
export function makePackage(
  name: string,
  version: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Buffer {
  const info = `${name}-${version}.dist-info`;
  return makeWheel({
    ...files,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nRequires-Dist: never-there\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  });
}

/** An index of Python packages on the loopback address, as far as `pip download` needs one. */
export interface StandInIndex {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function startIndex(name: string, version: string, wheel: Buffer): Promise<StandInIndex> {
  const file = `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    if (path === `/files/${file}`)
      return response.writeHead(200, { 'content-length': wheel.length }).end(wheel);
    if (path !== `/simple/${name}/`) return response.writeHead(404).end();
    const link = `<a href="/files/${file}#sha256=${sha256(wheel)}">${file}</a>`;
    return response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!DOCTYPE html><html><body>${link}</body></html>`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    requests,
    close: () => new Promise((done) => server.close(() => done()).closeAllConnections()),
  };
}

/** The environment of an operator whose index is `url`, with nothing of this machine's pip. */
export function pipOperator(
  url: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && !/^pip_|^npm_config_|proxy$/i.test(pair[0]),
  );
  return {
    ...Object.fromEntries(own),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: url,
    PIP_NO_CACHE_DIR: '1',
    PIP_RETRIES: '1',
    ...more,
  };
}
