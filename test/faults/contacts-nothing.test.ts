import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { blankPicture } from '../../src/fleet/warm-up.ts';
import { livestill, makeApp, withFolder } from '../contract/support/process.ts';
import { describeWhere } from '../support/only-where.ts';
import { groupPhotoPath } from '../support/pictures.ts';
import { type Watched, type WatchedProgram, watch, watchingRefused } from './support/watch.ts';

/*
 * livestill contacts nothing that it was not told to, and leaves nothing outside its data folder. Every way to judge runs under strace
 * with a fresh home and a fresh folder for temporary files; what any dependency does in these processes is seen as well.
 */

vi.setConfig({ testTimeout: 180_000 });

const refused = watchingRefused();
const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));
const library = new URL('../../dist/index.js', import.meta.url).href;
const photo = groupPhotoPath('sample1.jpg');
/** How long the library and the service judge, in ms: a report that is sent late is sent in that time. */
const long = 30_000;
/** How long they rest between two pictures, in ms. */
const rest = 1500;

const node = (cwd: string, code: string) =>
  watch(process.execPath, ['--input-type=module', '--eval', code], cwd);
const command = (cwd: string, ...args: string[]) => watch(process.execPath, [program, ...args], cwd);
const result = async (started: Promise<WatchedProgram>): Promise<Watched> => (await started).ended;

const judgeFor = (milliseconds: number) => `
  import { readFile } from 'node:fs/promises';
  const { createLiveness } = await import(${JSON.stringify(library)});
  const liveness = await createLiveness();
  const bytes = await readFile(${JSON.stringify(photo)});
  const end = Date.now() + ${milliseconds};
  do {
    console.log((await liveness.judge(bytes)).verdict);
    await new Promise((done) => setTimeout(done, ${rest}));
  } while (Date.now() < end);
  await liveness.close();`;

function expectNothing({ internet, made }: Watched): void {
  expect(internet).toEqual([]);
  expect(made).toEqual([]);
}

// Side by side: two of them judge for half a minute, and mostly wait.
describeWhere(refused === null, refused ?? '')(`under strace`, { concurrent: true }, () => {
  it('a connection, a datagram and files that are removed again would be seen', () =>
    withFolder(async (folder) => {
      const watched = await result(
        node(
          folder,
          `import { createSocket } from 'node:dgram';
           import { rmSync, writeFileSync } from 'node:fs';
           import { connect } from 'node:net';
           import { homedir, tmpdir } from 'node:os';
           for (const folder of [homedir(), tmpdir()]) {
             writeFileSync(folder + '/gone', 'x');
             rmSync(folder + '/gone');
           }
           connect(9, '127.0.0.1').on('error', () => {});
           createSocket('udp4').send('x', 9, '127.0.0.1', function () { this.close(); });`,
        ),
      );
      expect(watched.made.filter((path) => path.endsWith('/gone'))).toHaveLength(2);
      expect(watched.internet.filter((call) => call.includes('connect('))).not.toEqual([]);
      expect(watched.internet.join()).toMatch(/send(?:to|m?msg)\(/);
      expect(watched.internet.join()).toContain('internet sockets made, 0 of them to listen');
    }));

  it('the library contacts nothing and leaves nothing', () =>
    withFolder(async (folder) => {
      const watched = await result(node(folder, judgeFor(long)));
      expect(watched).toMatchObject({ status: 0, err: '' });
      expect(watched.out).toMatch(/^(?:live\n){2,}$/);
      expectNothing(watched);
    }));

  it('the library in a worker thread does neither where the main thread has imported it, and refuses elsewhere', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'thread.mjs'), judgeFor(0));
      const start = `import { Worker } from 'node:worker_threads';
        new Worker(${JSON.stringify(join(folder, 'thread.mjs'))}, { execArgv: [] });`;
      const watched = await result(node(folder, `import ${JSON.stringify(library)}; ${start}`));
      expect(watched).toMatchObject({ status: 0, out: 'live\n', err: '' });
      expectNothing(watched);

      const alone = await result(node(folder, start));
      expect(alone.status).toBe(1);
      expect(alone.err).toContain('in a worker thread ORT_DISABLE_TELEMETRY=1');
      expectNothing(alone);
    }));

  it.for([
    { name: 'score', args: ['score', photo] },
    { name: 'score --explain', args: ['score', '--explain', 'explained', photo] },
    { name: 'models verify', args: ['models', 'verify'] },
  ])('livestill $name contacts nothing and leaves nothing', ({ args }) =>
    withFolder(async (folder) => {
      const watched = await result(command(folder, ...args));
      expect(watched).toMatchObject({ status: 0, listened: [] });
      expect(watched.out).not.toBe('');
      expectNothing(watched);
    }),
  );

  it('livestill doctor touches the ports of the service on this machine and nothing else', () =>
    withFolder(async (folder) => {
      await makeApp(join(folder, 'data'));
      const watched = await result(command(folder, 'doctor', '--data', 'data'));
      expect(watched.out).not.toBe('');
      for (const address of watched.listened) expect(address).toMatch(/^127\.0\.0\.1:|^::1/);
      for (const call of watched.internet) expect(call).toMatch(/inet_addr\("127\.0\.0\.1"\)|sockets made/);
      expect(watched.made).toEqual([]);
    }));

  it('livestill batch contacts nothing and leaves nothing', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'pictures'));
      for (const name of ['a.jpg', 'b.jpg'])
        await writeFile(join(folder, 'pictures', name), await readFile(photo));
      await writeFile(join(folder, 'pictures', 'c.bmp'), blankPicture());
      const watched = await result(command(folder, 'batch', 'pictures', '--out', 'results.csv'));
      expect(watched, watched.err).toMatchObject({ status: 0, listened: [] });
      expectNothing(watched);
    }));

  it('the service has its own listeners, contacts nothing and leaves nothing', ({ expect }) =>
    withFolder(async (folder) => {
      const data = join(folder, 'data');
      const { appid } = await makeApp(data);
      const sign = livestill(['sign', '--data', data, '--appid', appid, '--json']);
      expect(await sign.ended, sign.stderr()).toBe(0);
      const { signature } = JSON.parse(sign.stdout()) as { signature: string };

      const service = await command(folder, 'serve', '--data', data, '--port', '0', '--admin-port', '0');
      const ready = () => /^\{.*"event":"ready".*$/m.exec(service.out())?.[0];
      await expect.poll(ready).toBeDefined();
      const { port, adminPort, pid } = JSON.parse(ready()!) as Record<'port' | 'adminPort' | 'pid', number>;

      const image = new Blob([await readFile(photo)]);
      const end = Date.now() + long;
      let answers = 0;
      do {
        const body = new FormData();
        body.set('appid', appid);
        body.set('image', image, 'a.jpg');
        const response = await fetch(`http://127.0.0.1:${port}/face/livedetectpicture`, {
          method: 'POST',
          headers: { authorization: signature },
          body,
        });
        expect(await response.json()).toMatchObject({ code: 0 });
        expect((await fetch(`http://127.0.0.1:${adminPort}/metrics`)).status).toBe(200);
        answers += 1;
        await new Promise((done) => setTimeout(done, rest));
      } while (Date.now() < end);
      expect(answers).toBeGreaterThan(1);

      process.kill(pid, 'SIGTERM');
      const watched = await service.ended;
      expect(watched.status).toBe(0);
      const ports = watched.listened.map((address) => Number(address.split(':').at(-1)));
      expect(ports.sort()).toEqual([port, adminPort].sort());
      expectNothing(watched);
    }));
});

describe('a command line of more than 29 KB', () => {
  it('judges every picture that is named: the telemetry of the inference library crashed there', () =>
    withFolder(async (folder) => {
      const deep = join(folder, ...Array.from({ length: 14 }, (_, i) => `${i}-${'long-name'.repeat(26)}`));
      await mkdir(deep, { recursive: true });
      const names = Array.from({ length: 10 }, (_, i) => join(deep, `${i}.bmp`));
      await Promise.all(names.map((name) => writeFile(name, blankPicture())));
      expect(names.join(' ').length).toBeGreaterThan(29 * 1024);
      const scored = livestill(['score', '--json', ...names]);
      // 1: there is no face in them. A crash would be the name of a signal.
      expect(await scored.ended, scored.stderr()).toBe(1);
      expect(scored.stdout().match(/"no_face"/g)).toHaveLength(names.length);
    }));
});
