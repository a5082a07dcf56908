import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, vi } from 'vitest';
import { signText } from '../contract/support/accounts.ts';
import { livestill, type MadeApp, makeApp, serve, withFolder } from '../contract/support/process.ts';
import { groupPhoto } from '../support/pictures.ts';

/*
 * Worker processes are crashed, frozen and killed from outside while the real service answers over real HTTP: what a fault in a
 * native decoder does to a process, without the fault.
 */

const linux = existsSync('/proc/self/status');
const rounds = 12;
/** Nothing is refused for lack of room: a busy machine must not look like a fault. */
const settings = { LIVESTILL_PROFILE: 'fast', LIVESTILL_QUEUE_WAIT_MS: '120000' };
const parallel = 6;

/** The processes whose parent is this one. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);
}

const isThere = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

function signatureOf({ appid, secretId, secretKey }: MadeApp): string {
  const now = Math.floor(Date.now() / 1000);
  return signText(`a=${appid}&k=${secretId}&e=${now + 600}&t=${now}&r=1&f=`, secretKey);
}

async function photo(): Promise<Uint8Array> {
  return Uint8Array.from(
    await sharp(await groupPhoto('sample1.jpg'))
      .resize(320)
      .jpeg()
      .toBuffer(),
  );
}

async function send(
  port: number,
  app: MadeApp,
  sign: string,
  picture: Uint8Array,
): Promise<Record<string, unknown>> {
  const form = new FormData();
  form.set('image', new Blob([Uint8Array.from(picture)]));
  form.set('appid', app.appid);
  const answer = await fetch(`http://127.0.0.1:${port}/face/livedetectpicture`, {
    method: 'POST',
    headers: { authorization: sign },
    body: form,
  });
  return (await answer.json()) as Record<string, unknown>;
}

it.runIf(linux)(
  'workers that crash under load cost nobody an answer in the contract’s form, and every answer has its row',
  { timeout: 300_000 },
  () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data');
      const app = await makeApp(data);
      const service = await serve(data, ['--workers', '2'], settings);
      const picture = await photo();
      const sign = signatureOf(app);
      const codes = new Map<unknown, number>();
      let killing = true;
      const lane = async () => {
        while (killing) {
          const { code } = await send(service.port, app, sign, picture);
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
      };
      const lanes = Array.from({ length: parallel }, lane);
      for (let round = 0; round < rounds; round++) {
        const before = codes.get(0) ?? 0;
        await vi.waitFor(() => expect(codes.get(0) ?? 0).toBeGreaterThan(before + 4), { timeout: 30_000 });
        const workers = childrenOf(service.child.pid as number);
        const victim = workers[round % workers.length] as number;
        process.kill(victim, round % 3 === 0 ? 'SIGSEGV' : round % 3 === 1 ? 'SIGABRT' : 'SIGKILL');
      }
      killing = false;
      await Promise.all(lanes);
      // A picture tried on two victims in a row is the one thing that may be answered 213.
      expect([...codes.keys()].every((code) => code === 0 || code === 213)).toBe(true);
      expect(codes.get(213) ?? 0).toBeLessThanOrEqual(1);
      await vi.waitFor(() => expect(childrenOf(service.child.pid as number)).toHaveLength(2), {
        timeout: 10_000,
      });
      expect((await send(service.port, app, sign, picture)).code).toBe(0);
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
      const run = livestill(['ledger', 'export', '--data', data]);
      expect(await run.ended).toBe(0);
      const answered = [...codes.values()].reduce((sum, count) => sum + count, 1);
      expect(run.stdout().trimEnd().split('\n')).toHaveLength(answered);
    }),
);

it.runIf(linux)(
  'a service killed with SIGKILL leaves no worker behind, a frozen one included once it thaws',
  { timeout: 60_000 },
  () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data');
      await makeApp(data);
      const service = await serve(data, ['--workers', '2'], settings);
      const workers = childrenOf(service.child.pid as number);
      expect(workers).toHaveLength(2);
      process.kill(workers[0] as number, 'SIGSTOP');
      service.child.kill('SIGKILL');
      await service.ended;
      await vi.waitFor(() => expect(isThere(workers[1] as number)).toBe(false), { timeout: 10_000 });
      process.kill(workers[0] as number, 'SIGCONT');
      await vi.waitFor(() => expect(isThere(workers[0] as number)).toBe(false), { timeout: 10_000 });
    }),
);

it.runIf(linux)(
  'a stop from the terminal reaches every process of the group, and still every picture is answered',
  { timeout: 60_000 },
  () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data');
      const app = await makeApp(data);
      const service = await serve(data, ['--workers', '2'], settings);
      const picture = await photo();
      const sign = signatureOf(app);
      const answers = Array.from({ length: 8 }, () => send(service.port, app, sign, picture));
      await Promise.race(answers);
      for (const pid of [...childrenOf(service.child.pid as number), service.child.pid as number])
        process.kill(pid, 'SIGINT');
      expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(Array(8).fill(0));
      expect(await service.ended).toBe(0);
    }),
);
