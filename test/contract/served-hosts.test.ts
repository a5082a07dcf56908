import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { isLoopback } from '../../src/wire/admin/served-hosts.ts';
import { createAdminServer } from '../../src/wire/admin/server.ts';
import { startConsole } from '../console/support.ts';
import { exchange } from './support/raw.ts';

/*
 * A page of another site whose name leads to 127.0.0.1 (DNS rebinding) is of one origin with a port on the
 * loopback, and reads what it answers.
 */

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

const page = { contentType: 'application/json', text: async () => '{"figures":1}' };

async function start(host = '127.0.0.1', names: readonly string[] = []): Promise<number> {
  const log = pino({ level: 'silent' });
  const server = createAdminServer({}, log, page, undefined, undefined, undefined, names);
  running.push(server);
  return server.listen(host, 0);
}

const asked = async (port: number, path: string, host: string) =>
  (await exchange(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status;

describe('the admin port on the loopback', () => {
  it.each(['/metrics', '/metrics?', '/healthz/', '/none'])(
    'refuses %s under a foreign name',
    async (path) => {
      const port = await start('127.0.0.1', ['console.example.org']);
      for (const name of ['rebound.example', 'localhost.example', 'xlocalhost', '127.0.0.1.nip.example'])
        expect([name, await asked(port, path, `${name}:${port}`)]).toEqual([name, 421]);
    },
  );

  it('answers addresses, local names and the configured name', async () => {
    const port = await start('127.0.0.1', ['console.example.org']);
    const names = ['127.0.0.1', '[::1]', '192.0.2.7', 'localhost', 'LOCALHOST', 'localhost.', 'a.localhost'];
    for (const name of [...names, 'console.example.org', 'Console.Example.org.'])
      for (const host of [name, `${name}:${port}`])
        expect([host, await asked(port, '/metrics', host)]).toEqual([host, 200]);
    expect((await exchange(port, 'GET /metrics HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it.each(['/healthz', '/readyz'])('answers %s under any name: a probe fails for no name', async (path) => {
    expect(await asked(await start(), path, 'probe.example')).not.toBe(421);
  });

  it('refuses the console, its API and what asks for no sign-in', async () => {
    const { url } = await startConsole();
    const port = Number(new URL(url).port);
    for (const path of ['/admin/v1/state', '/admin/v1/openapi.json', '/admin/v1/none'])
      expect([path, await asked(port, path, 'rebound.example')]).toEqual([path, 421]);
    expect(await asked(port, '/admin/v1/state', `localhost:${port}`)).toBe(200);
  });

  it('names the setting that helps', async () => {
    const { json } = await exchange(await start(), 'GET /metrics HTTP/1.1\r\nHost: metrics.example\r\n\r\n');
    expect(json.message).toContain('console.url');
  });
});

it('elsewhere it answers every name, as of a service in a cluster', async () => {
  const port = await start('0.0.0.0');
  expect(await asked(port, '/metrics', 'livestill.monitoring.svc:8788')).toBe(200);
});

it.each([
  ['127.0.0.1', true],
  ['127.8.0.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['node1', false],
])('listening on %s is listening on the loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
