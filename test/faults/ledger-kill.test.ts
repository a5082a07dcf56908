import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { somePair, temporaryFolder } from '../../src/store/test-support/temp-store.ts';

const child = fileURLToPath(new URL('./support/store-child.mjs', import.meta.url));
const kills = 8;

/** Run the child until it has said `lines` lines and a moment more, then kill it without warning; what it said in whole lines. */
async function runAndKill(
  mode: string,
  dataDir: string,
  lines: number,
  moreMs: number,
): Promise<readonly string[]> {
  const running: ChildProcess = spawn(process.execPath, [child, mode, dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  let dying = false;
  running.stderr!.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await new Promise<void>((resolve, reject) => {
    running.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (dying || out.split('\n').length <= lines) return;
      dying = true;
      setTimeout(() => running.kill('SIGKILL'), moreMs);
    });
    running.on('close', () => (dying ? resolve() : reject(new Error(`the child ended by itself: ${err}`))));
  });
  return out.split('\n').slice(0, -1);
}

it('keeps every acknowledged row through kill -9 at random moments', async () => {
  const dataDir = await temporaryFolder();
  const acknowledged: string[] = [];
  for (let i = 0; i < kills; i += 1) {
    acknowledged.push(
      ...(await runAndKill('append', dataDir, 20 + Math.floor(Math.random() * 200), Math.random() * 20)),
    );
  }
  const store = await openStore({ dataDir, thread: false });
  const kept = new Map<string, number>();
  for await (const row of store.ledger.read({})) kept.set(row.requestId, (kept.get(row.requestId) ?? 0) + 1);
  await store.close();
  expect(acknowledged.length).toBeGreaterThan(kills * 20);
  expect(acknowledged.filter((id) => kept.get(id) !== 1)).toEqual([]);
  // A row that was written but not yet acknowledged may be there too: at most one for each of the child's lines of work.
  expect(kept.size - acknowledged.length).toBeLessThanOrEqual(kills * 16);
});

it('keeps every SecretKey readable through kill -9 while the master key is rotated', async () => {
  const dataDir = await temporaryFolder();
  const pairs = Array.from({ length: 20 }, (_, i) => ({
    ...somePair(),
    secretId: `AKIDpair${String(i).padStart(8, '0')}`,
  }));
  const first = await openStore({ dataDir, thread: false });
  await first.accounts.createApp({ appid: '1', name: 'x' }, pairs[0]!);
  for (const pair of pairs.slice(1)) await first.accounts.addSecret('1', pair);
  await first.close();
  for (let i = 0; i < kills; i += 1) {
    await runAndKill('rotate', dataDir, 1 + Math.floor(Math.random() * 5), Math.random() * 30);
    const store = await openStore({ dataDir, thread: false });
    for (const { secretId, secretKey } of pairs) {
      expect((await store.accounts.findSecret(secretId))?.secretKey).toBe(secretKey);
    }
    await store.close();
  }
});
