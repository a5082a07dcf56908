import { describe, expect, it } from 'vitest';
import { someSession, someStill } from '../../session/test-support/some-session.ts';
import { someRow, temporaryStore } from '../test-support/temp-store.ts';

const start = { kind: 'start', key: 'k', nonce: 'n1' } as const;
const webhook = 'https://example.org/hook';

describe('sessions in the store', () => {
  it('are read as they were written, and step by step', async () => {
    const { sessions } = await temporaryStore();
    const session = someSession({ reference: 'case-1', origin: 'https://example.org' });
    await sessions.createSession(session);
    expect(await sessions.findCaptureSession(session.sessionId)).toEqual(session);
    expect(await sessions.findCaptureSession('ses_other')).toBeNull();
    const started = await sessions.stepSession(session.sessionId, start, 1000);
    expect(started).toMatchObject({ state: 'uploading', macKey: 'k', startedAt: 1000 });
    expect(await sessions.findCaptureSession(session.sessionId)).toEqual(started);
    await expect(sessions.stepSession('ses_other', start, 1000)).rejects.toMatchObject({
      kind: 'session_unknown',
    });
  });

  it('accept one of many uploads at the same moment', async () => {
    const { sessions } = await temporaryStore();
    const { sessionId } = someSession();
    await sessions.createSession(someSession());
    await sessions.stepSession(sessionId, start, 1000);
    const claims = Array.from({ length: 8 }, (_, n) =>
      sessions
        .stepSession(sessionId, { kind: 'claim', nonce: 'n1', mac: `m${n}` }, 1000)
        .then((now) => now.claim?.mac === `m${n}`)
        .catch((error: { reason: string }) => error.reason),
    );
    const answers = await Promise.all(claims);
    expect(answers.filter((one) => one === true)).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set([true, 'judging']));
  });

  it('expire once, with a call of the webhook in the same moment', async () => {
    const { sessions, webhooks } = await temporaryStore();
    const session = someSession({ webhook });
    await sessions.createSession(session);
    await sessions.createSession(someSession({ sessionId: 'ses_quiet' }));
    expect(await sessions.expireSessions(session.expiresAt - 1, 10)).toBe(0);
    expect(await sessions.expireSessions(session.expiresAt, 10)).toBe(2);
    expect(await sessions.expireSessions(session.expiresAt, 10)).toBe(0);
    const [call, ...others] = await webhooks.takeWebhooks(session.expiresAt, 1000, 10);
    expect(others).toEqual([]);
    expect(call).toMatchObject({
      id: `session:${session.sessionId}`,
      appid: '1000001',
      url: webhook,
      tries: 1,
    });
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      event: 'session.ended',
      session: { sessionId: session.sessionId, state: 'expired', outcome: null },
    });
  });

  it('hold a call that was taken, give it out again, and forget its text at the end', async () => {
    const { sessions, webhooks } = await temporaryStore();
    const { sessionId } = someSession();
    const id = `session:${sessionId}`;
    await sessions.createSession(someSession({ webhook }));
    await sessions.stepSession(sessionId, { kind: 'cancel' }, 1000);
    expect(await webhooks.takeWebhooks(1000, 500, 10)).toHaveLength(1);
    expect(await webhooks.takeWebhooks(1499, 500, 10)).toEqual([]);
    expect(await webhooks.takeWebhooks(1500, 500, 10)).toMatchObject([{ id, tries: 2 }]);
    await webhooks.endWebhook(id, { kind: 'retry', at: 9000, why: 'status 500' }, 1600);
    expect(await webhooks.findWebhook(id)).toEqual({ state: 'waiting', tries: 2, lastFailure: 'status 500' });
    expect(await webhooks.takeWebhooks(8999, 500, 10)).toEqual([]);
    expect(await webhooks.takeWebhooks(9000, 500, 10)).toMatchObject([{ tries: 3 }]);
    await webhooks.endWebhook(id, { kind: 'delivered' }, 9001);
    expect(await webhooks.findWebhook(id)).toEqual({ state: 'delivered', tries: 3, lastFailure: null });
    expect(await webhooks.takeWebhooks(1e12, 500, 10)).toEqual([]);
  });

  it('go with the erasure of their reference, or of one of their pictures', async () => {
    const { sessions, webhooks, ledger, chains } = await temporaryStore();
    const [one, two] = ['ses_one', 'ses_two'];
    await sessions.createSession(someSession({ sessionId: one, reference: 'case-1', webhook }));
    await sessions.createSession(someSession({ sessionId: two }));
    await sessions.stepSession(one, { kind: 'cancel' }, 1000);
    await chains.erase({ reference: 'case-1' });
    expect([await sessions.findCaptureSession(one), await webhooks.findWebhook(`session:${one}`)]).toEqual([
      null,
      null,
    ]);
    const { sha256 } = someStill();
    await ledger.append(someRow({ source: `session:${two}`, pictureSha256: sha256 }));
    await chains.erase({ pictureSha256: sha256 });
    expect(await sessions.findCaptureSession(two)).toBeNull();
  });

  it('are let go a day after their end', async () => {
    const { sessions, upkeep } = await temporaryStore();
    const session = someSession();
    await sessions.createSession(session);
    await sessions.expireSessions(session.expiresAt, 10);
    const day = 24 * 3_600_000;
    await upkeep.sweep(session.expiresAt + day);
    expect(await sessions.findCaptureSession(session.sessionId)).not.toBeNull();
    await upkeep.sweep(session.expiresAt + day + 1);
    expect(await sessions.findCaptureSession(session.sessionId)).toBeNull();
  });
});
