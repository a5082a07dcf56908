import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { somePair, temporaryFolder } from '../../src/store/test-support/temp-store.ts';
import { describeWhere } from '../support/only-where.ts';

const child = fileURLToPath(new URL('./support/store-child.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;
/** Nobody's user id on Debian and most others; any one without rights would do. */
const nobody = 65_534;

interface Answer {
  readonly ready?: boolean;
  readonly value?: unknown;
  readonly kind?: string;
  readonly reason?: string;
}

async function filledFolder(): Promise<string> {
  const dataDir = await temporaryFolder();
  const store = await openStore({ dataDir, thread: false });
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  await store.close();
  return dataDir;
}

/** Ask the child one thing at a time. */
function asker(running: ChildProcess) {
  onTestFinished(() => void running.kill('SIGKILL'));
  const next = () =>
    new Promise<Answer>((resolve, reject) => {
      const ended = () => reject(new Error('the child ended'));
      running.once('exit', ended);
      running.once('message', (answer: Answer) => {
        running.off('exit', ended);
        resolve(answer);
      });
    });
  const ready = next();
  return async (command: string, argument?: string): Promise<Answer> => {
    await ready;
    const answer = next();
    running.send({ command, argument });
    return answer;
  };
}

/** Give a folder and all in it to a user, with or without the right to write. */
function handOver(dataDir: string, writable: boolean): void {
  for (const name of readdirSync(dataDir)) {
    const path = join(dataDir, name);
    if (isRoot) chownSync(path, nobody, nobody);
    if (name !== 'master.key') chmodSync(path, writable ? 0o600 : 0o400);
  }
  if (isRoot) chownSync(dataDir, nobody, nobody);
  chmodSync(dataDir, writable ? 0o700 : 0o500);
}

describeWhere(process.platform === 'linux', 'needs Linux')('a disk', () => {
  it('that may not be written refuses writes, still finds accounts, and goes on without a restart once it may', async () => {
    const dataDir = await filledFolder();
    handOver(dataDir, true);
    const running = () =>
      asker(
        fork(child, ['serve', dataDir], {
          ...(isRoot ? { uid: nobody, gid: nobody } : {}),
          stdio: 'inherit',
        }),
      );
    // One process holds the folder open throughout, so that the side files are there for the other one.
    const holder = running();
    expect(await holder('open')).toEqual({ value: null });
    expect(await holder('append', 'before')).toEqual({ value: null });
    handOver(dataDir, false);
    const ask = running();
    expect(await ask('open')).toEqual({ value: null });
    expect(await ask('find', '1')).toEqual({ value: 'x' });
    expect(await ask('append', 'refused')).toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_readonly',
    });
    expect(await ask('find', '1')).toEqual({ value: 'x' });
    handOver(dataDir, true);
    // The first write afterwards may still meet the file as it was opened; that makes the store open it anew.
    const [first, second] = [await ask('append', 'perhaps'), await ask('append', 'after')];
    expect([undefined, 'state_unavailable']).toContain(first.kind);
    expect(second).toEqual({ value: null });
    expect((await idsIn(dataDir)).filter((id) => id !== 'perhaps')).toEqual(['before', 'after']);
  });

  it('that is full refuses, still finds accounts, and goes on without a restart once there is room', async () => {
    const dataDir = await filledFolder();
    // A limit on the size of files stands in for the end of the disk: writes past it fail just the same.
    const limited = `trap "" XFSZ; ulimit -S -f 600; exec "$0" "$@"`;
    const running = spawn('bash', ['-c', limited, process.execPath, child, 'serve', dataDir], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ask = asker(running);
    expect(await ask('open')).toEqual({ value: null });
    let answer: Answer = {};
    let kept = 0;
    for (; answer.kind === undefined && kept < 5000; kept += 1) answer = await ask('append', `row-${kept}`);
    kept -= 1;
    expect(answer).toMatchObject({ kind: 'state_unavailable' });
    expect(['store_full', 'store_io']).toContain(answer.reason);
    expect(await ask('find', '1')).toEqual({ value: 'x' });
    execFileSync('prlimit', ['--pid', String(running.pid), '--fsize=unlimited:unlimited']);
    expect(await ask('append', 'after')).toEqual({ value: null });
    const ids = await idsIn(dataDir);
    expect(ids.slice(0, kept)).toEqual(Array.from({ length: kept }, (_, i) => `row-${i}`));
    expect(ids.at(-1)).toBe('after');
  });
});

/** The request ids in the ledger, oldest first. */
async function idsIn(dataDir: string): Promise<readonly string[]> {
  const store = await openStore({ dataDir, thread: false });
  const ids: string[] = [];
  for await (const row of store.ledger.read({})) ids.push(row.requestId);
  await store.close();
  return ids;
}
