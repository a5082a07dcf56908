import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createAdminServer } from '../../src/wire/admin/server.ts';
import { openFilesLimit } from '../../src/wire/http/connection-limits.ts';
import { loadTls } from '../../src/wire/http/tls.ts';
import { appid, signature } from '../contract/support/accounts.ts';
import { exchange, open, post, type RawConnection } from '../contract/support/raw.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../contract/support/server.ts';
import { describeWhere } from '../support/only-where.ts';

/* More connections than anybody needs: idle, half-open, and more than there are places for. */

let test: TestServer;
const opened: RawConnection[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) one.destroy();
  await test.stop();
});

async function start(
  maxConnections: number,
  maxConnectionsPerAddress: number,
  options: TestServerOptions = {},
): Promise<void> {
  // Nothing here is closed for its age, however slow the machine.
  const age = { headersTimeout: 600_000, requestTimeout: 600_000, keepAliveTimeout: 600_000 };
  test = await startTestServer({
    ...options,
    transport: { ...age, maxConnections, maxConnectionsPerAddress },
  });
}

function connected(options: { tls?: boolean; from?: string } = {}): RawConnection {
  const one = open(test.port, options);
  opened.push(one);
  return one;
}

const image = Buffer.from('a picture').toString('base64');
const body = `{"appid":"${appid}","image":"${image}"}`;
const good = () => post(['Content-Type: application/json', `Authorization: ${signature()}`], body);
const half = () => good().subarray(0, -5);

/** The code that a request on this connection is answered with; `closed` where the connection is closed instead. */
async function codeOn(connection: RawConnection): Promise<number | 'closed'> {
  connection.write(good());
  return connection.next().then(
    ({ json }) => json.code,
    () => 'closed' as const,
  );
}

/** That many connections that have each had an answer, opened a hundred at a time. */
async function idle(count: number, options: { tls?: boolean; from?: string } = {}): Promise<RawConnection[]> {
  const all: RawConnection[] = [];
  while (all.length < count) {
    const next = Array.from({ length: Math.min(100, count - all.length) }, () => connected(options));
    for (const one of next) one.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    for (const one of next) expect((await one.next()).status).toBe(404);
    all.push(...next);
  }
  return all;
}

const isClosed = ({ socket }: RawConnection) => socket.destroyed || socket.readableEnded;
const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
const serverCount = () =>
  new Promise<number>((resolve) => test.server.http.getConnections((_error, count) => resolve(count)));

/** Waits until it holds; the test's own time is the bound. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Bytes in use that somebody still holds. */
async function held(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const many = 3000;
const files = openFilesLimit();
// Both ends are in this process.
const enoughFiles = files === null || files > 2 * (many + 1000) + 500;

describeWhere(enoughFiles, 'needs a higher limit of open files')('thousands of connections', () => {
  it('idle and half-open ones: others are served, and nothing of them is left once they are gone', {
    timeout: 240_000,
  }, async () => {
    await start(10_000, 10_000);
    const admin = createAdminServer({ service: async () => 'ok' }, pino({ level: 'silent' }));
    const adminPort = await admin.listen('127.0.0.1', 0);
    // One round before anything is measured, so that what is made once is there.
    for (const one of await idle(200)) one.destroy();
    await until(async () => (await serverCount()) === 0);
    const [before, socketsBefore] = [await held(), sockets()];

    await idle(many);
    const unused: RawConnection[] = [];
    // In small lots: a system keeps a few hundred connections waiting for a program that is busy.
    while (unused.length < 1000) {
      unused.push(...Array.from({ length: 100 }, () => connected()));
      await until(async () => (await serverCount()) === many + unused.length);
    }
    for (const one of unused.slice(500)) one.write('POST /face/livedetectpicture HTTP/1.1\r\nHost');
    const during = await held();
    for (let count = 0; count < 20; count++) expect(await codeOn(connected())).toBe(0);
    expect((await exchange(adminPort, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')).status).toBe(200);
    expect(unused.filter(isClosed).map(({ socket }) => socket.errored?.message ?? 'closed')).toEqual([]);

    for (const one of opened.splice(0)) one.destroy();
    await until(async () => (await serverCount()) === 0 && sockets() <= socketsBefore);
    const after = await held();
    const perConnection = (during - before) / (many + 1000) / 1024;
    console.info(
      `${many + 1000} connections, both ends: ${perConnection.toFixed(1)} KiB each of heap and buffers`,
    );
    // A tenth of what they took: caches and tables that have grown.
    expect(after - before).toBeLessThan(Math.max(4 * 1024 ** 2, (during - before) / 10));
    expect(await codeOn(connected())).toBe(0);
    await admin.close();
  });

  it('beyond the limit the ones idle longest are closed, and those at work stay', {
    timeout: 240_000,
  }, async () => {
    await start(many, many);
    const working = Array.from({ length: 50 }, () => connected());
    for (const one of working) one.write(half());
    await until(async () => (await serverCount()) === 50);
    const all = await idle(many - 50);
    for (let count = 0; count < 300; count++) expect(await codeOn(connected())).toBe(0);
    await until(async () => (await serverCount()) === many && all.slice(0, 300).every(isClosed));
    expect(all.slice(300).some(isClosed)).toBe(false);
    for (const one of working) one.write(good().subarray(-5));
    for (const one of working) expect((await one.next()).json.code).toBe(0);
    expect(test.lines.filter(({ event }) => event === 'connections_crowded').length).toBe(1);
  });
});

describe('where all places are taken', () => {
  it('by callers at work, a new one is closed at once, and served once one of them is done', async () => {
    await start(20, 20);
    const working = Array.from({ length: 20 }, () => connected());
    for (const one of working) one.write(half());
    await until(() => test.server.running === 20);
    const refused = connected();
    expect(await refused.closed()).toBe('');
    expect(await codeOn(connected())).toBe('closed');
    working[0]?.write(good().subarray(-5));
    expect((await working[0]?.next())?.json.code).toBe(0);
    expect(await codeOn(connected())).toBe(0);
    expect(test.lines.find(({ event }) => event === 'connections_crowded')).toMatchObject({
      level: 40,
      open: 20,
      refused: 1,
    });
  });

  it('by connections that were opened and never used, these are closed', async () => {
    await start(20, 20);
    const silent = Array.from({ length: 20 }, () => connected());
    await until(async () => (await serverCount()) === 20);
    for (let count = 0; count < 20; count++) expect(await codeOn(connected())).toBe(0);
    await until(() => silent.every(isClosed));
  });

  it('a connection that is used again and again keeps its place', async () => {
    await start(20, 20);
    const [used, ...rest] = await idle(20);
    for (let count = 0; count < 19; count++) {
      expect(await codeOn(used as RawConnection)).toBe(0);
      expect(await codeOn(connected())).toBe(0);
    }
    await until(() => rest.every(isClosed));
    expect(await codeOn(used as RawConnection)).toBe(0);
  });

  it('one address cannot take the places of others', async () => {
    await start(20, 10);
    const greedy = Array.from({ length: 10 }, () => connected({ from: '127.0.0.2' }));
    for (const one of greedy) one.write(half());
    await until(() => test.server.running === 10);
    expect(await codeOn(connected({ from: '127.0.0.2' }))).toBe('closed');
    const others = await idle(10, { from: '127.0.0.3' });
    expect(await codeOn(connected({ from: '127.0.0.4' }))).toBe(0);
    await until(() => others.some(isClosed));
    expect([others.filter(isClosed).length, greedy.some(isClosed)]).toEqual([1, false]);
  });

  it('by a trusted proxy, that is no address of its own', async () => {
    await start(20, 5, { settings: { trustedProxies: ['127.0.0.2'] } });
    const proxied = await idle(20, { from: '127.0.0.2' });
    expect(proxied.some(isClosed)).toBe(false);
  });

  it('holds for HTTPS too, handshakes that never end included', async () => {
    const fixture = (name: string) => new URL(`../contract/support/tls/${name}`, import.meta.url).pathname;
    await start(10, 10, { tls: await loadTls({ cert: fixture('first.crt'), key: fixture('first.key') }) });
    const used = await idle(5, { tls: true });
    const shaking = Array.from({ length: 5 }, () => connected());
    await until(async () => (await serverCount()) === 10);
    for (let count = 0; count < 10; count++) expect(await codeOn(connected({ tls: true }))).toBe(0);
    await until(async () => (await serverCount()) === 10 && [...used, ...shaking].every(isClosed));
  });
});
