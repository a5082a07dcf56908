import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReadinessChecks } from '../../src/wire/admin/health.ts';
import { type AdminServer, createAdminServer } from '../../src/wire/admin/server.ts';
import type { MetricsPage } from '../../src/wire/metrics/page.ts';
import { exchange, open } from './support/raw.ts';

const servers: AdminServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(checks: ReadinessChecks, metrics?: MetricsPage): Promise<number> {
  const server = createAdminServer(checks, pino({ level: 'silent' }), metrics);
  servers.push(server);
  return server.listen('127.0.0.1', 0);
}

const get = (port: number, path: string) => exchange(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
const ok = async () => 'ok';

describe('the admin port', () => {
  it('is healthy as long as it answers, whatever the checks say', async () => {
    const port = await start({ store: async () => 'does not answer' });
    const answer = await get(port, '/healthz');
    expect([answer.status, answer.body]).toEqual([200, '{"status":"ok"}']);
  });

  it('is ready when every check is', async () => {
    const port = await start({ service: ok, store: ok });
    const answer = await get(port, '/readyz');
    expect([answer.status, answer.body]).toEqual([
      200,
      '{"status":"ready","checks":{"service":"ok","store":"ok"}}',
    ]);
  });

  it('is not ready when one check is not, and says which', async () => {
    const port = await start({ service: async () => 'draining', store: ok });
    const answer = await get(port, '/readyz');
    expect([answer.status, answer.body]).toEqual([
      503,
      '{"status":"not ready","checks":{"service":"draining","store":"ok"}}',
    ]);
  });

  it.each([
    ['another path', 'GET /metrics2 HTTP/1.1\r\nHost: localhost\r\n\r\n', 404, 3],
    ['another method', 'POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n', 404, 3],
    ['no request at all', 'hello\r\n\r\n', 400, 3],
  ])('answers %s in the envelope', async (_name, request, status, code) => {
    const answer = await exchange(await start({}), request);
    expect([answer.status, answer.json.code, answer.json.data]).toEqual([status, code, {}]);
  });

  it('answers a check that throws as our own failure, without its words', async () => {
    const port = await start({
      store: async () => {
        throw new Error('/var/lib/livestill is gone');
      },
    });
    const answer = await get(port, '/readyz');
    expect([answer.status, answer.body]).toEqual([500, '{"code":213,"message":"internal error","data":{}}']);
  });

  it('shows the metrics where there are some, whatever the checks say', async () => {
    const hanging = { store: () => new Promise<string>(() => {}) };
    const port = await start(hanging, {
      contentType: 'text/plain; version=0.0.4',
      text: async () => 'up 1\n',
    });
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain; version=0.0.4',
      'up 1\n',
    ]);
    expect((await get(await start({}), '/metrics')).status).toBe(404);
  });

  it('answers a page that fails as our own failure, without its words', async () => {
    const failing = async () => {
      throw new Error('/proc/self is gone');
    };
    const port = await start({}, { contentType: 'text/plain', text: failing });
    const answer = await get(port, '/metrics');
    expect([answer.status, answer.body]).toEqual([500, '{"code":213,"message":"internal error","data":{}}']);
  });

  it('closes whatever is open', async () => {
    const connection = open(await start({}));
    connection.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await connection.next();
    await servers.splice(0)[0]?.close();
    await connection.closed();
  });
});
