import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { signText } from '../contract/support/accounts.ts';
import {
  livestill,
  type MadeApp,
  makeApp,
  type ServiceProcess,
  serve,
  withFolder,
} from '../contract/support/process.ts';
import { itWhere } from '../support/only-where.ts';
import { smallPhoto } from '../support/pictures.ts';

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

/** A service with two workers, a folder of its own, and one honest call to it. */
interface Running {
  readonly data: string;
  readonly service: ServiceProcess;
  readonly pid: number;
  workers(): number[];
  /** Sends the photo; what was answered. */
  call(): Promise<Record<string, unknown>>;
}

const withService = (use: (running: Running) => Promise<void>) =>
  withFolder(async (folder) => {
    const data = join(folder, 'data');
    const app = await makeApp(data);
    const service = await serve(data, ['--workers', '2'], settings);
    const picture = Uint8Array.from(await smallPhoto());
    const sign = signatureOf(app);
    const pid = service.child.pid as number;
    const running: Running = {
      data,
      service,
      pid,
      workers: () => childrenOf(pid),
      async call() {
        const form = new FormData();
        form.set('image', new Blob([picture]));
        form.set('appid', app.appid);
        const answer = await fetch(`http://127.0.0.1:${service.port}/face/livedetectpicture`, {
          method: 'POST',
          headers: { authorization: sign },
          body: form,
        });
        return (await answer.json()) as Record<string, unknown>;
      },
    };
    try {
      await use(running);
    } finally {
      service.child.kill('SIGKILL');
    }
  });

itWhere(linux, 'needs Linux')(
  'workers that crash under load cost nobody an answer in the contract’s form, and every judged picture has its row',
  { timeout: 300_000 },
  () =>
    withService(async ({ data, service, workers, call }) => {
      const codes = new Map<unknown, number>();
      const count = (code: unknown) => codes.get(code) ?? 0;
      let killing = true;
      const lane = async () => {
        while (killing) {
          const { code } = await call();
          codes.set(code, count(code) + 1);
        }
      };
      const lanes = Array.from({ length: parallel }, lane);
      for (let round = 0; round < rounds; round++) {
        const before = count(0);
        await vi.waitFor(() => expect(count(0)).toBeGreaterThan(before + 4), { timeout: 60_000 });
        const victim = workers().at(round % workers().length) as number;
        process.kill(victim, (['SIGSEGV', 'SIGABRT', 'SIGKILL'] as const)[round % 3]);
      }
      killing = false;
      await Promise.all(lanes);
      // A picture tried on two victims in a row is the one thing that may be answered 213.
      expect([...codes.keys()].every((code) => code === 0 || code === 213)).toBe(true);
      expect(count(213)).toBeLessThanOrEqual(1);
      await vi.waitFor(() => expect(workers()).toHaveLength(2), { timeout: 60_000 });
      expect((await call()).code).toBe(0);
      expect(await service.stop()).toBe(0);
      const run = livestill(['ledger', 'export', '--data', data]);
      expect(await run.ended).toBe(0);
      expect(run.stdout().trimEnd().split('\n')).toHaveLength(count(0) + 1);
    }),
);

itWhere(linux, 'needs Linux')(
  'a service killed with SIGKILL leaves no worker behind, a frozen one included once it thaws',
  () =>
    withService(async ({ service, workers }) => {
      const [frozen, other] = workers() as [number, number];
      process.kill(frozen, 'SIGSTOP');
      service.child.kill('SIGKILL');
      await service.ended;
      await vi.waitFor(() => expect(isThere(other)).toBe(false), { timeout: 60_000 });
      process.kill(frozen, 'SIGCONT');
      await vi.waitFor(() => expect(isThere(frozen)).toBe(false), { timeout: 60_000 });
    }),
);

itWhere(linux, 'needs Linux')(
  'a stop from the terminal reaches every process of the group, and still every picture is answered',
  () =>
    withService(async ({ service, pid, workers, call }) => {
      // Nothing is answered before the service has all of them.
      for (const worker of workers()) process.kill(worker, 'SIGSTOP');
      const answers = Array.from({ length: 8 }, call);
      const page = async () => (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
      await expect.poll(page).toContain('livestill_requests_in_work 8\n');
      for (const worker of workers()) process.kill(worker, 'SIGCONT');
      for (const one of [...workers(), pid]) process.kill(one, 'SIGINT');
      expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(Array(8).fill(0));
      expect(await service.ended).toBe(0);
    }),
);
