import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { redisOfTests, whyNoRedis } from '../../src/store/redis/test-support/server.ts';
import { inProject, succeeds, why } from './support/tools.ts';

const reason = whyNoServer ?? whyNoRedis ?? (succeeds('haproxy', '-v') ? null : 'haproxy is not installed');
const program = inProject('bin/livestill.js');

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}

describe.skipIf(reason !== null)(`two nodes behind the proxy${why(reason)}`, () => {
  const postgres = serverOfTests();
  const redis = redisOfTests();

  it('answer without a refused call while one of them is stopped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'livestill-fleet-'));
    const started: ChildProcess[] = [];
    try {
      const env: NodeJS.ProcessEnv = {
        ...process.env,
        LIVESTILL_STORE: await postgres.server.newDatabase(),
        LIVESTILL_REDIS_URL: redis.redis.url,
        LIVESTILL_MASTER_KEY: '11'.repeat(32),
        LIVESTILL_WORKERS: '1',
        LIVESTILL_PROFILE: 'fast',
      };
      const up = spawnSync(process.execPath, [program, 'migrate', 'up', '--data', folder], { env });
      expect(up.status, String(up.stderr)).toBe(0);
      const bind = `127.0.0.1:${await freePort()}`;
      const ofProxy: NodeJS.ProcessEnv = {
        ...env,
        PROXY_BIND: bind,
        CONSOLE_BIND: `127.0.0.1:${await freePort()}`,
      };
      for (const name of ['1', '2']) {
        const [port, admin] = [await freePort(), await freePort()];
        const own = { LIVESTILL_NODE: `node${name}`, LIVESTILL_PORT: port, LIVESTILL_ADMIN_PORT: admin };
        const args = [program, 'serve', '--no-first-app', '--data', join(folder, name)];
        started.push(spawn(process.execPath, args, { env: { ...env, ...own }, stdio: 'ignore' }));
        ofProxy[`NODE_${name}`] = `127.0.0.1:${port}`;
        ofProxy[`NODE_${name}_ADMIN`] = admin;
        ofProxy[`NODE_${name}_CONSOLE`] = `127.0.0.1:${admin}`;
        const ready = async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).status;
        await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 60_000, interval: 100 });
      }
      started.push(
        spawn('haproxy', ['-f', inProject('deploy/proxy/haproxy.cfg')], { env: ofProxy, stdio: 'ignore' }),
      );
      const call = async () => {
        const reply = await fetch(`http://${bind}/face/livedetectpicture`, {
          method: 'POST',
          body: new FormData(),
        });
        return ((await reply.json()) as { code: number }).code;
      };
      await vi.waitFor(async () => expect(await call()).toBe(3), { timeout: 20_000, interval: 100 });
      const first = started[0]!;
      first.kill('SIGTERM');
      const codes = new Set<number>();
      while (first.exitCode === null && first.signalCode === null) codes.add(await call());
      for (let calls = 0; calls < 20; calls += 1) codes.add(await call());
      expect([...codes]).toEqual([3]);
    } finally {
      for (const one of started) one.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
