import { copyFile, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Observer } from '../../src/wire/decision/observer.ts';
import { loadTls, type TlsIdentity, watchTls } from '../../src/wire/http/tls.ts';
import { appid, signature } from './support/accounts.ts';
import { open, post } from './support/raw.ts';
import { startTestServer } from './support/server.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./support/tls/${name}`, import.meta.url));
const clock = () => Date.now();
const silent = pino({ level: 'silent' });
let folder: string;
let files: { cert: string; key: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-tls-'));
  files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  await use('first', 'first');
});
afterEach(() => rm(folder, { recursive: true }));

async function use(cert: string, key: string): Promise<void> {
  await copyFile(fixture(`${cert}.crt`), files.cert);
  await copyFile(fixture(`${key}.key`), files.key);
}

/** The name in the certificate that the server shows to a new connection. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String((socket.getPeerCertificate() as PeerCertificate).subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

const body = `{"appid":"${appid}","image":"${Buffer.from('a picture').toString('base64')}"}`;
const request = () => post(['Content-Type: application/json', `Authorization: ${signature()}`], body);

describe('HTTPS', () => {
  it('serves the old call, and its faults, in the envelope', async () => {
    const test = await startTestServer({ tls: await loadTls(files) });
    for (const [sent, status] of [
      [request(), 200],
      ['nonsense\r\n\r\n', 400],
    ] as const) {
      const connection = open(test.port, { tls: true });
      connection.write(sent);
      const answer = await connection.next();
      expect([answer.status, answer.headers['content-type']]).toEqual([
        status,
        'application/json; charset=utf-8',
      ]);
      connection.destroy();
    }
    await test.stop();
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
    const test = await startTestServer({ tls: await loadTls(files) });
    const refused = new Promise((_resolve, reject) => {
      const ciphers = 'DEFAULT@SECLEVEL=0';
      const options = { minVersion: version, maxVersion: version, ciphers, rejectUnauthorized: false };
      connect({ port: test.port, host: '127.0.0.1', ...options }, () => _resolve(null)).on('error', reject);
    });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    await test.stop();
  });

  it('drains with open and with half-made connections', async () => {
    const test = await startTestServer({ tls: await loadTls(files) });
    const used = open(test.port, { tls: true });
    used.write(request());
    await used.next();
    const unused = open(test.port, { tls: true });
    await new Promise((resolve) => unused.socket.once('secureConnect', resolve));
    const handshaking = open(test.port);
    await new Promise((resolve) => handshaking.socket.once('connect', resolve));
    await test.server.drain(1000);
    await Promise.all([used.closed(), unused.closed(), handshaking.closed()]);
  });
});

describe('plain HTTP to the port that speaks HTTPS', () => {
  it('is counted, logged once, and answered in plain text where that can be; others are served on', async () => {
    const faults: string[] = [];
    const observer = { httpFault: (fault: string) => void faults.push(fault), reply() {}, request() {} };
    const test = await startTestServer({
      tls: await loadTls(files),
      observer: observer as unknown as Observer,
    });
    for (let count = 0; count < 5; count++) {
      const plain = open(test.port);
      plain.write(request());
      const answer = await plain.closed();
      if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 400 .*text\/plain.*https:\/\//s);
    }
    expect(faults).toEqual(Array(5).fill('plain_http'));
    expect(test.lines.filter(({ fault }) => fault === 'plain_http')).toHaveLength(1);
    const junk = open(test.port);
    junk.write(Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]));
    await junk.closed();
    expect(await shown(test.port)).toBe('livestill test first');
    expect(faults).toHaveLength(5);
    await test.stop();
  });
});

describe('a new certificate', () => {
  it('is used for new connections without a restart; open connections go on', async () => {
    const current = await loadTls(files);
    const test = await startTestServer({ tls: current });
    const before = open(test.port, { tls: true });
    before.write(request());
    await before.next();
    const watch = watchTls({ files, current, use: test.server.useTls, clock, log: silent, intervalMs: 20 });
    expect(await shown(test.port)).toBe('livestill test first');
    await use('second', 'second');
    await expect.poll(() => shown(test.port)).toBe('livestill test second');
    before.write(request());
    expect((await before.next()).json.code).toBe(0);
    watch.stop();
    await test.stop();
  });

  const cases: [string, () => Promise<void>][] = [
    ['a key that belongs to another certificate', () => use('second', 'first')],
    ['a certificate that is none', () => writeFile(files.cert, 'not a certificate')],
    ['a key that is none', () => writeFile(files.key, 'not a key')],
    ['an empty file', () => writeFile(files.cert, '')],
    ['a missing file', () => rm(files.key)],
  ];
  it.each(cases)('that is %s is logged and not used, a good one later is', async (_name, spoil) => {
    const current = await loadTls(files);
    const used: string[] = [];
    const lines: { event?: string; detail?: string }[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const watch = watchTls({
      files,
      current,
      use: (next: TlsIdentity) => void used.push(next.subject),
      clock,
      log,
      intervalMs: 1e6,
    });
    await spoil();
    await watch.reload();
    expect(used).toEqual([]);
    expect(lines).toMatchObject([{ event: 'tls_rejected' }]);
    expect(lines[0]?.detail).toContain(folder);
    await use('second', 'second');
    await watch.reload();
    expect(used).toEqual(['CN=livestill test second']);
    expect(lines[1]).toMatchObject({ event: 'tls_reloaded', subject: 'CN=livestill test second' });
    watch.stop();
  });

  /** Of the fixtures: `first` and `second` hold from 23 November 2026 for a hundred years, `short` on 28 November 2026 alone. */
  const watched = async (at: { now: number }) => {
    const used: string[] = [];
    const lines: { event?: string; detail?: string }[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const current = await loadTls(files);
    const watch = watchTls({
      files,
      current,
      use: (next) => void used.push(next.subject),
      clock: () => at.now,
      log,
      intervalMs: 1e6,
    });
    return { watch, used, lines };
  };

  it('that is over does not replace a valid one; a valid one after it does', async () => {
    const { watch, used, lines } = await watched({ now: Date.parse('2030-01-01') });
    await use('short', 'short');
    await watch.reload();
    expect([used, lines]).toMatchObject([
      [],
      [{ event: 'tls_rejected', detail: expect.stringContaining('is over') }],
    ]);
    await use('second', 'second');
    await watch.reload();
    expect(used).toEqual(['CN=livestill test second']);
    watch.stop();
  });

  it('that is not valid yet does not replace a valid one before its time, and does then', async () => {
    const at = { now: Date.parse('2026-11-25') };
    const { watch, used, lines } = await watched(at);
    await use('short', 'short');
    await watch.reload();
    expect([used, lines]).toMatchObject([[], [{ detail: expect.stringContaining('not valid yet') }]]);
    at.now = Date.parse('2026-11-28T23:00:00Z');
    await watch.reload();
    expect(used).toEqual(['CN=livestill test short']);
    watch.stop();
  });

  it('that is over replaces one that is over too: the operator may have nothing better', async () => {
    await use('short', 'short');
    const { watch, used } = await watched({ now: Date.parse('2130-01-01') });
    await use('second', 'second');
    await watch.reload();
    expect(used).toEqual(['CN=livestill test second']);
    watch.stop();
  });

  it('behind swapped symbolic links is seen', async () => {
    for (const name of ['first', 'second']) {
      await copyFile(fixture(`${name}.crt`), join(folder, `${name}.crt`));
      await copyFile(fixture(`${name}.key`), join(folder, `${name}.key`));
    }
    const link = async (name: string) => {
      for (const kind of ['crt', 'key']) {
        await symlink(join(folder, `${name}.${kind}`), join(folder, `new.${kind}`));
        await rename(join(folder, `new.${kind}`), join(folder, `tls.${kind}`));
      }
    };
    await link('first');
    const used: string[] = [];
    const watch = watchTls({
      files,
      current: await loadTls(files),
      use: (next) => void used.push(next.subject),
      clock,
      log: silent,
      intervalMs: 10,
    });
    await link('second');
    await expect.poll(() => used).toEqual(['CN=livestill test second']);
    watch.stop();
  });

  it('that is the same is not used again', async () => {
    const current = await loadTls(files);
    let count = 0;
    const watch = watchTls({ files, current, use: () => void count++, clock, log: silent, intervalMs: 1e6 });
    await watch.reload();
    await writeFile(files.cert, await readFile(files.cert));
    await watch.reload();
    expect(count).toBe(0);
    watch.stop();
  });
});

describe('loadTls says what is wrong and where', () => {
  it.each([
    ['unreadable', () => rm(files.cert), 'tls_unreadable', 'tls.crt cannot be read (ENOENT)'],
    ['no PEM', () => writeFile(files.cert, 'x'), 'tls_invalid', 'tls.crt holds no PEM certificate'],
    ['no key', () => writeFile(files.key, 'x'), 'tls_invalid', 'tls.key holds no PEM private key'],
    ['mismatch', () => use('first', 'second'), 'tls_mismatch', 'does not belong to the certificate'],
  ] as const)('%s', async (_name, spoil, reason, text) => {
    await spoil();
    const error = await loadTls(files).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UsageError', reason, message: expect.stringContaining(text) });
    expect(String(error)).not.toContain('PRIVATE KEY-----');
  });
});
