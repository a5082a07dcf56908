import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fault, UsageError } from '../../../faults.ts';
import type { StoreCall } from '../../../ledger/store-health.ts';
import { createCallWatch } from '../../core/call-watch.ts';
import { openStore } from '../../open.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../../test-support/temp-store.ts';
import type { Call, Calls, Reply } from './messages.ts';
import { fromPlain, toPlain } from './messages.ts';
import { PendingCalls } from './pending-calls.ts';
import { openRemoteBackend } from './remote.ts';
import { serveStore } from './thread.ts';

/** A thread that follows `script`, with `port` (to the caller) and `call` (what came) at hand. */
async function misbehaving(script: string, answerWithinMs = 60_000) {
  const folder = await temporaryFolder();
  const file = join(folder, 'thread.mjs');
  const body = `import { parentPort as port } from 'node:worker_threads';\n${script}`;
  await writeFile(file, body);
  const trouble: Error[] = [];
  const parts = {
    backend: { dataDir: folder },
    answerWithinMs,
    onTrouble: (error: Error) => trouble.push(error),
  };
  const open = () => openRemoteBackend({ ...parts, program: pathToFileURL(file) });
  return { open, trouble };
}

describe('the store in a thread', () => {
  it('says how many calls wait, what each took, and why it failed', async () => {
    const store = await temporaryStore({ thread: true });
    const calls: StoreCall[] = [];
    store.sqlite?.listen((call) => calls.push(call));
    const asked = Promise.all([1, 2, 3].map(() => store.accounts.listApps()));
    // They are sent some turns of the queue of promises later, and answered by a message.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    expect(store.sqlite?.waiting()).toBe(3);
    await asked;
    expect(store.sqlite?.waiting()).toBe(0);
    expect(calls).toHaveLength(3);
    expect(calls.every(({ seconds, failure }) => seconds > 0 && failure === null)).toBe(true);
    // Refused for what was asked: the store is well.
    await expect(store.accounts.setAppState('nobody', 'closed')).rejects.toMatchObject({
      name: 'UsageError',
    });
    expect(calls[3]).toMatchObject({ failure: null });
  });

  it('counts what is not answered in time as failed, with the reason, once', async () => {
    const watch = createCallWatch();
    const calls: StoreCall[] = [];
    watch.health.listen((call) => calls.push(call));
    const pending = new PendingCalls(20, watch);
    const silent = { postMessage: () => {} } as unknown as Worker;
    await expect(pending.send(silent, 'check', [])).rejects.toMatchObject({ reason: 'store_timeout' });
    pending.receive({ kind: 'answer', id: 1, value: null });
    const left = pending.send(silent, 'check', []);
    pending.giveUp(silent);
    await expect(left).rejects.toMatchObject({ reason: 'store_thread_ended' });
    expect(calls.map(({ failure }) => failure)).toEqual(['store_timeout', 'store_thread_ended']);
    expect(watch.health.waiting()).toBe(0);
  });

  it('does all that it does without one', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir, thread: true });
    await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    expect(await store.accounts.findSecret(somePair().secretId)).toMatchObject({
      secretKey: 'k'.repeat(32),
      createdAt: expect.any(Date),
    });
    expect(
      await Promise.all([1, 2, 3].map(() => store.replay.remember('aa', new Date(Date.now() + 1e6)))),
    ).toEqual([true, false, false]);
    expect(await Promise.all([1, 2, 3].map(() => store.usage.consume('1', '2026-11-23', 2)))).toEqual([
      1,
      2,
      null,
    ]);
    await Promise.all(
      Array.from({ length: 1200 }, (_, i) => store.ledger.append(someRow({ requestId: String(i) }))),
    );
    let rows = 0;
    for await (const row of store.ledger.read({})) rows += row.at instanceof Date ? 1 : 0;
    expect(rows).toBe(1200);
    expect(await store.ledger.prune(new Date('2030-01-01'))).toBe(1200);
    await store.check();
    store.accounts.touchSecret(somePair().secretId, new Date('2026-11-23T00:00:00Z'));
    await expect(store.accounts.createApp({ appid: '1', name: 'x' }, somePair())).rejects.toMatchObject({
      name: 'UsageError',
      reason: 'app_exists',
    });
    await store.close();
    await store.close();
    await expect(store.ledger.append(someRow())).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_closed',
    });
    const again = await temporaryStore({ dataDir });
    expect((await again.accounts.listSecrets('1'))[0]!.lastUsedAt).toEqual(new Date('2026-11-23T00:00:00Z'));
  });

  it('refuses to open as it does without one', async () => {
    const dataDir = await temporaryFolder();
    const missing = openStore({ dataDir: join(dataDir, 'no'), create: false });
    await expect(missing).rejects.toMatchObject({ name: 'UsageError', reason: 'data_missing' });
    await expect(openStore({ dataDir, masterKey: 'nonsense' })).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'master_key_malformed',
    });
  });

  it('that does not answer is given up with accounts_unavailable or state_unavailable, whichever store was asked', async () => {
    const silent = "port.on('message', () => {}); port.postMessage({ kind: 'opened' });";
    const { open } = await misbehaving(silent, 200);
    const backend = await open();
    await expect(backend.findApp('1')).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_timeout',
    });
    await expect(backend.append(someRow())).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_timeout',
    });
    await backend.close();
  });

  it('that ends is started again; what it worked on is refused', async () => {
    const { open, trouble } = await misbehaving(`
      port.on('message', ([call]) => {
        if (call.method === 'append') throw new Error('out of luck');
        port.postMessage({ kind: 'answer', id: call.id, value: null });
        if (call.method === 'close') port.close();
      });
      port.postMessage({ kind: 'opened' });`);
    const backend = await open();
    await expect(backend.append(someRow())).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_thread_ended',
    });
    expect(await backend.findApp('1')).toBeNull();
    expect(trouble.map((error) => (error.cause as Error).message)).toEqual(['out of luck']);
    await backend.close();
  });

  it('that cannot open again refuses until it can', async () => {
    const { open } = await misbehaving(`
      import { existsSync, writeFileSync } from 'node:fs';
      import { workerData } from 'node:worker_threads';
      const { dataDir, create } = workerData.livestillStore;
      const flag = (name) => dataDir + '/' + name;
      if (existsSync(flag('started')) && !existsSync(flag('mended'))) {
        writeFileSync(flag('mended'), String(create));
        port.postMessage({ kind: 'failed', error: { name: 'Fault', kind: 'accounts_unavailable', reason: 'store_io', message: 'disk' } });
        port.close();
      } else {
        writeFileSync(flag('started'), '');
        port.on('message', ([call]) => {
          if (call.method === 'append') process.exit(1);
          port.postMessage({ kind: 'answer', id: call.id, value: null });
          if (call.method === 'close') port.close();
        });
        port.postMessage({ kind: 'opened' });
      }`);
    const backend = await open();
    await expect(backend.append(someRow())).rejects.toMatchObject({ reason: 'store_thread_ended' });
    await expect(backend.remember('aa', new Date())).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_io',
    });
    let found: unknown = 'not asked';
    while (found !== null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      found = await backend.findApp('1').catch((error: Fault) => error.reason);
    }
    await backend.close();
  });

  it('that ends before it is open fails the opening', async () => {
    const { open } = await misbehaving('process.exit(3);');
    await expect(open()).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_thread_ended',
    });
  });

  it('tells trouble that nobody asked about', async () => {
    const { open, trouble } = await misbehaving(`
      port.on('message', ([call]) => {
        port.postMessage({ kind: 'trouble', error: { name: 'Error', message: 'last-used times' } });
        port.postMessage({ kind: 'answer', id: call.id, value: null });
        if (call.method === 'close') port.close();
      });
      port.postMessage({ kind: 'opened' });`);
    const backend = await open();
    await backend.findApp('1');
    expect(trouble.map((error) => error.message)).toEqual(['last-used times']);
    await backend.close();
  });
});

describe('the thread itself', () => {
  it('answers calls by their number, refuses by name, and ends with close', async () => {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const replies: Reply[] = [];
    port1.on('message', (reply: Reply) => replies.push(reply));
    const ended = new Promise((resolve) => port1.once('close', resolve));
    await serveStore(port2, { dataDir: await temporaryFolder() });
    const call = (id: number, method: Call['method'], ...args: unknown[]) =>
      port1.postMessage([{ id, method, args }] satisfies Calls);
    call(1, 'findApp', '1');
    call(2, 'setAppState', '1', 'active');
    while (replies.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    call(3, 'close');
    await ended;
    expect(replies).toMatchObject([
      { kind: 'opened' },
      { kind: 'answer', id: 1, value: null },
      { kind: 'refusal', id: 2, error: { name: 'UsageError', reason: 'app_unknown' } },
      { kind: 'answer', id: 3 },
    ]);
  });

  it('answers the calls of one message in one message, each by its number', async () => {
    const { port1, port2 } = new MessageChannel();
    const replies: Reply[] = [];
    port1.on('message', (reply: Reply) => replies.push(reply));
    await serveStore(port2, { dataDir: await temporaryFolder() });
    const ended = new Promise((resolve) => port1.once('close', resolve));
    port1.postMessage([
      { id: 1, method: 'findApp', args: ['1'] },
      { id: 2, method: 'findSecret', args: ['2'] },
      { id: 3, method: 'setAppState', args: ['1', 'active'] },
    ] satisfies Calls);
    while (replies.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    port1.postMessage([{ id: 4, method: 'close', args: [] }] satisfies Calls);
    await ended;
    const all = replies.flatMap((reply) => (reply.kind === 'several' ? reply.replies : [reply]));
    expect(all.map((reply) => ('id' in reply ? reply.id : reply.kind)).sort()).toEqual([
      1,
      2,
      3,
      4,
      'opened',
    ]);
    expect(replies.length).toBeLessThan(5);
  });

  it('announces its end when the file breaks away, answers what it has, and ends', async () => {
    const { port1, port2 } = new MessageChannel();
    const replies: Reply[] = [];
    port1.on('message', (reply: Reply) => replies.push(reply));
    const ended = new Promise((resolve) => port1.once('close', resolve));
    const dataDir = await temporaryFolder();
    await serveStore(port2, { dataDir });
    await rm(join(dataDir, 'livestill.sqlite'));
    port1.postMessage([{ id: 1, method: 'findApp', args: ['1'] }] satisfies Calls);
    await ended;
    expect(replies).toMatchObject([
      { kind: 'opened' },
      { kind: 'ending' },
      { kind: 'refusal', id: 1, error: { kind: 'accounts_unavailable', reason: 'store_missing' } },
    ]);
  });

  it('says why it could not open', async () => {
    const { port1, port2 } = new MessageChannel();
    const reply = new Promise((resolve) => port1.once('message', resolve));
    await serveStore(port2, { dataDir: '/dev/null/x' });
    expect(await reply).toMatchObject({
      kind: 'failed',
      error: { name: 'Fault', kind: 'accounts_unavailable' },
    });
    port1.close();
  });
});

describe('errors between threads', () => {
  it('keep what they mean', () => {
    const across = (error: unknown) => fromPlain(structuredClone(toPlain(error)));
    const fault = across(new Fault('state_unavailable', 'store_io', 'disk', { cause: new Error('deep') }));
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_io',
      message: 'disk',
      cause: 'deep',
    });
    expect(across(new UsageError('no', 'not so'))).toMatchObject({
      name: 'UsageError',
      reason: 'no',
      message: 'not so',
    });
    expect(across(new RangeError('odd')).message).toBe('odd');
    expect(across('text').message).toBe('text');
  });
});
