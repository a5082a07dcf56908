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

  it('end though one of them has a url that cannot be called', async () => {
    const { sessions, webhooks } = await temporaryStore();
    const make = (name: string, expiresAt: number, url: string) =>
      sessions.createSession(someSession({ sessionId: `ses_${name}`, expiresAt, webhook: url }));
    await make('bad', 1000, 'https://example.org/\u0000');
    await make('good', 2000, webhook);
    expect(await sessions.expireSessions(3000, 10)).toBe(2);
    expect(await webhooks.findWebhook('session:ses_bad')).toBeNull();
    expect(await sessions.findCaptureSession('ses_good')).toMatchObject({ state: 'expired' });
    expect(await webhooks.findWebhook('session:ses_good')).not.toBeNull();
  });

  it('are open in no larger number than their app may have, whoever asks at the same moment', async () => {
    const { sessions } = await temporaryStore();
    const make = (name: string, change = {}) =>
      sessions.createSession(someSession({ sessionId: `ses_${name}`, ...change }), 3);
    const made = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((name) => make(name)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await sessions.countOpenSessions(1000)).toBe(3);
    await expect(make('f', { createdAt: 100_500 })).rejects.toMatchObject({
      kind: 'rate_limited',
      reason: 'open_sessions',
      retryAfter: 200,
    });
    await make('other', { appid: '1000002' });
    // One that is over by the clock counts no more, ended or not; nor does one that was cancelled.
    await make('later', { createdAt: 300_000, expiresAt: 600_000 });
    expect(await sessions.countOpenSessions(300_000)).toBe(1);
    await sessions.stepSession('ses_later', { kind: 'cancel' }, 300_001);
    expect(await sessions.countOpenSessions(300_002)).toBe(0);
  });

  it('have their calls counted, and told since when the oldest waits', async () => {
    const { sessions, webhooks } = await temporaryStore();
    expect(await webhooks.webhookQueue(1000)).toEqual({ waiting: 0, oldestSeconds: 0 });
    for (const [n, name] of ['a', 'b'].entries()) {
      await sessions.createSession(someSession({ sessionId: `ses_${name}`, webhook }));
      await sessions.stepSession(`ses_${name}`, { kind: 'cancel' }, 1000 + 500 * n);
    }
    await webhooks.takeWebhooks(1000, 1000, 1);
    await webhooks.endWebhook('session:ses_a', { kind: 'retry', at: 90_000, why: 'status 500' }, 1100);
    expect(await webhooks.webhookQueue(61_000)).toEqual({ waiting: 2, oldestSeconds: 60 });
    await webhooks.endWebhook('session:ses_a', { kind: 'given_up', why: 'status 500' }, 91_000);
    expect(await webhooks.webhookQueue(61_500)).toEqual({ waiting: 1, oldestSeconds: 60 });
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
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const session = someSession({ webhook, traceparent });
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
      traceparent,
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
