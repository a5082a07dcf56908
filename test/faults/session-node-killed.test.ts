import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLAIM_MS } from '../../src/session/machine.ts';
import { CURVE } from '../../src/session/test-support/some-session.ts';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { settingsFor } from '../../src/store/postgres/test-support/settings.ts';
import { serve } from '../contract/support/process.ts';
import { groupPhoto } from '../support/pictures.ts';
import { judgedFace, startV1Test } from '../v1/support.ts';

const linux = existsSync('/proc/self/status');
const why = whyNoServer ?? (linux ? null : 'there is no /proc to find worker processes in');
const title = why === null ? '' : ` (skipped: ${why})`;

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);

/** What a page sends: the bytes, and the MAC over them. */
function upload(url: string, sessionId: string, token: string, key: string, nonce: string, bytes: Buffer) {
  const mac = createHmac('sha256', Buffer.from(key, 'base64url'))
    .update(`livestill-still-1\n${sessionId}\n${nonce}\n\n`)
    .update(bytes)
    .digest('base64url');
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'image/jpeg',
    'livestill-nonce': nonce,
    'livestill-mac': mac,
  };
  return fetch(`${url}/v1/sessions/${sessionId}/stills`, { method: 'POST', headers, body: bytes });
}

describe.skipIf(why !== null)(`a session whose node is killed while it judges a still${title}`, () => {
  const of = serverOfTests();

  it('is held for a minute, then goes on at another node, with every still once', async () => {
    const database = await of.server.newDatabase();
    const other = await startV1Test({ postgres: settingsFor(database) });
    onTestFinished(() => other.stop());
    other.judge.answer = () => judgedFace({ still: { thumbnail: null, curve: CURVE } });
    const data = await mkdtemp(join(tmpdir(), 'livestill-killed-node-'));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    const doomed = await serve(data, ['--workers', '1'], {
      LIVESTILL_STORE: database,
      LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
      LIVESTILL_NODE: 'doomed',
      LIVESTILL_PROFILE: 'single',
    });
    onTestFinished(() => void doomed.child.kill('SIGKILL'));
    const url = `http://127.0.0.1:${doomed.port}`;
    const json = { 'content-type': 'application/json' };
    const made = await fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${other.apiKey}` },
      body: JSON.stringify({ stills: 2 }),
    });
    const { sessionId, token } = (await made.json()) as { sessionId: string; token: string };
    const key = randomBytes(32).toString('base64url');
    const started = await fetch(`${url}/v1/sessions/${sessionId}/start`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${token}` },
      body: JSON.stringify({ key }),
    });
    const photo = sharp(await groupPhoto('sample1.jpg')).resize(480);
    const [one, two] = await Promise.all([
      photo.clone().jpeg().toBuffer(),
      photo.clone().flop().jpeg().toBuffer(),
    ]);
    const nonceOf = async (answer: Response) => ((await answer.json()) as { nonce: string }).nonce;
    const first = await upload(url, sessionId, token, key, await nonceOf(started), one);
    const nonce = await nonceOf(first);
    expect(first.status).toBe(200);

    // The worker stands still: the second still is accepted, and its judgement has no end.
    const workers = childrenOf(doomed.child.pid ?? 0);
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    const lost = upload(url, sessionId, token, key, nonce, two).then(
      () => 'answered',
      () => 'cut off',
    );
    const stateOf = async () => (await other.store.sessions.findCaptureSession(sessionId))?.state;
    await expect.poll(stateOf).toBe('judging');
    doomed.child.kill('SIGKILL');
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    expect([await doomed.ended, await lost]).toEqual(['SIGKILL', 'cut off']);

    const again = () => upload(other.url, sessionId, token, key, nonce, two);
    const held = await again();
    expect([held.status, held.headers.get('retry-after')]).toEqual([409, '1']);
    other.time.ahead = CLAIM_MS;
    const carried = await again();
    expect([carried.status, ((await carried.json()) as { state: string }).state]).toEqual([200, 'accepted']);
    const session = await other.store.sessions.findCaptureSession(sessionId);
    expect([session?.state, session?.taken.length]).toEqual(['done', 2]);
    const rows: string[] = [];
    for await (const row of other.store.ledger.read({ appid: '1000001' })) rows.push(row.requestId);
    expect(rows.sort()).toEqual(session?.taken.map(({ requestId }) => requestId).sort());
  });
});
