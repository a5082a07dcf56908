import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { itWhere } from '../support/only-where.ts';
import { livestill, type ServiceProcess, serve, withFolder } from './support/process.ts';
import { exchange, open } from './support/raw.ts';

const run = promisify(execFile);
const group = fileURLToPath(
  new URL('../../node_modules/@vladmandic/face-api/demo/sample1.jpg', import.meta.url),
);
const fast = { LIVESTILL_PROFILE: 'fast' };
const get = (port: number, path: string) => exchange(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);

async function withService<T>(
  folder: string,
  use: (service: ServiceProcess) => Promise<T>,
  ...args: Parameters<typeof serve> extends [string, ...infer Rest] ? Rest : never
): Promise<T> {
  const service = await serve(join(folder, 'data'), ...args);
  try {
    return await use(service);
  } finally {
    await service.stop();
  }
}

describe('livestill serve', () => {
  it('first start: data folder, app and keys printed once, and a curl line that works when copied', () =>
    withFolder(async (folder) => {
      await copyFile(group, join(folder, 'selfie.jpg'));
      const secret = await withService(
        folder,
        async (service) => {
          const [path] = /\S+first-app-\d+\.txt/.exec(service.stderr()) ?? [];
          const text = await readFile(String(path), 'utf8');
          const line = /^curl .*$/m.exec(text)?.[0];
          const { stdout } = await run('sh', ['-c', String(line)], { cwd: folder });
          expect(JSON.parse(stdout)).toMatchObject({ code: 0, message: 'OK' });
          const key = /SecretKey {2}(\S+)/.exec(text)?.[1];
          expect(service.stdout() + service.stderr()).not.toContain(key);
          return key;
        },
        ['--workers', '1'],
        fast,
      );
      expect(await readdir(join(folder, 'data'))).toContain('livestill.sqlite');
      await withService(
        folder,
        async (service) => {
          expect(service.stderr()).not.toContain(secret);
          const [command] = /livestill sign .*$/m.exec(service.stderr()) ?? [];
          const [, ...args] = String(command).split(' ');
          const sign = livestill([...args, '--image', group]);
          expect(await sign.ended).toBe(0);
          const { stdout } = await run('sh', ['-c', String(/^curl .*$/m.exec(sign.stdout())?.[0])]);
          expect(JSON.parse(stdout)).toMatchObject({ code: 0, message: 'OK' });
        },
        ['--workers', '1'],
        fast,
      );
    }));

  it('answers /healthz and /readyz on the admin port alone, and leaves pictures to its workers', () =>
    withFolder((folder) =>
      withService(
        folder,
        async ({ port, adminPort, child }) => {
          // Neither library is in the process that holds the keys.
          const maps = await readFile(`/proc/${child.pid}/maps`, 'utf8').catch(() => '');
          expect(maps.match(/libvips|libonnxruntime/g)).toBe(null);
          expect((await get(adminPort, '/healthz')).body).toBe('{"status":"ok"}');
          expect((await get(adminPort, '/readyz')).body).toBe(
            '{"status":"ready","checks":{"service":"ok","store":"ok","disk":"ok"},"profile":"fast"}',
          );
          for (const path of ['/healthz', '/readyz']) expect((await get(port, path)).status).toBe(404);
          expect(await get(adminPort, '/')).toMatchObject({ status: 302 });
          for (const path of ['/nowhere', '/face/livedetectpicture']) {
            expect((await get(adminPort, path)).body).toBe(
              '{"code":3,"message":"invalid request: no such path","data":{}}',
            );
          }
        },
        ['--workers', '1'],
        fast,
      ),
    ));

  it('SIGTERM: not ready, nothing new, what runs is finished, then the end with status 0', () =>
    withFolder(async (folder) => {
      const service = await serve(join(folder, 'data'), ['--workers', '1'], fast);
      const half = open(service.port);
      half.write('POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab');
      const figures = async () => (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
      await expect.poll(figures).toContain('livestill_requests_in_work 1\n');
      service.child.kill('SIGTERM');
      await expect.poll(async () => (await get(service.adminPort, '/readyz')).status).toBe(503);
      expect((await get(service.adminPort, '/readyz')).body).toContain('"service":"draining"');
      await expect(exchange(service.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).rejects.toThrow();
      half.write('cde');
      expect((await half.next()).json.code).toBe(3);
      expect(await service.ended).toBe(0);
      expect(service.lines().map(({ event }) => event)).toEqual(['ready', 'draining', 'decision', 'stopped']);
    }));
});

describe('npm start', () => {
  it('hands SIGTERM on to the service, which drains and ends', () =>
    withFolder(async (folder) => {
      const child = spawn('npm', ['start'], {
        cwd: fileURLToPath(new URL('../../', import.meta.url)),
        env: {
          ...process.env,
          ...fast,
          LIVESTILL_DATA_DIR: join(folder, 'data'),
          LIVESTILL_PORT: '0',
          LIVESTILL_ADMIN_PORT: '0',
          LIVESTILL_WORKERS: '1',
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let log = '';
      child.stdout.on('data', (chunk: Buffer) => {
        log += chunk;
      });
      const closed = once(child, 'close');
      await expect.poll(() => log).toContain('"event":"ready"');
      child.kill('SIGTERM');
      // The pipe closes when the last process that holds it has ended: the service itself, not npm alone.
      await closed;
      expect(log).toContain('"event":"stopped"');
    }));
});

describe('livestill serve that cannot start says why, without a stack, with status 1', () => {
  async function failing(
    folder: string,
    args: readonly string[] = [],
    environment: Record<string, string> = {},
  ): Promise<string> {
    const given = ['serve', '--data', join(folder, 'data'), '--port', '0', '--admin-port', '0', ...args];
    const process = livestill(given, { ...fast, ...environment });
    expect([await process.ended, process.stdout(), process.stderr()]).toEqual([
      1,
      '',
      expect.stringMatching(/^livestill: /),
    ]);
    expect(process.stderr()).not.toMatch(/^\s+at /m);
    return process.stderr();
  }

  it.each(['--port', '--admin-port'])('%s in use', (option) =>
    withFolder(async (folder) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as { port: number };
      const text = await failing(folder, [option, String(port)]);
      expect(text).toContain(`${port} on 127.0.0.1 is in use`);
      expect(text).toContain(option);
      other.close();
    }),
  );

  it('an address this machine does not have', () =>
    withFolder(async (folder) => {
      expect(await failing(folder, ['--host', '203.0.113.1'])).toContain('no such address');
    }));

  it('models missing', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'models'));
      const text = await failing(folder, [], { LIVESTILL_MODELS_DIR: join(folder, 'models') });
      expect(text).toContain('blazeface-back-256');
      expect(text).toContain('livestill models pull');
    }));

  it('a data folder that is a file', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'data'), 'not a folder');
      expect(await failing(folder)).toContain(join(folder, 'data'));
    }));

  itWhere(process.platform === 'linux', 'needs Linux')(
    'a data folder that cannot be made, not even by root',
    () =>
      withFolder(async () => {
        expect(await failing('/sys/livestill-test')).toContain('/sys/livestill-test/data');
      }),
  );

  it('a certificate that is none', () =>
    withFolder(async (folder) => {
      const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
      await writeFile(cert, 'x');
      await writeFile(key, 'x');
      const text = await failing(folder, [], { LIVESTILL_TLS_CERT: cert, LIVESTILL_TLS_KEY: key });
      expect(text).toContain(`${cert} holds no PEM certificate`);
    }));
});

it('a configuration that cannot be used ends with status 2 and every problem', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'livestill.json');
    await writeFile(file, '{"prot": 1, "profile": "quick"}');
    const process = livestill(['serve', '--config', file]);
    expect(await process.ended).toBe(2);
    expect(process.stderr()).toContain('prot');
    expect(process.stderr()).toContain('careful, fast');
  }));
