import { describe, expect, it } from 'vitest';
import { activityArea } from '../../src/wire/admin/activity.ts';
import { type Browser, type Started, startConsole } from './support.ts';

const PATH = '/admin/v1/activity/live';

const startLive = () =>
  startConsole({
    areas: ({ ledger }) => [activityArea({ ledger, clock: Date.now, liveEveryMs: 20 })],
  });

/** Opens a live page, and waits for its first event. */
async function listen({ url }: Started, headers: Readonly<Record<string, string>>) {
  const reply = await fetch(`${url}${PATH}`, { headers });
  const reader = reply.body!.getReader();
  await reader.read();
  return {
    reply,
    /** Resolves when the service ends it. */
    async end() {
      while (!(await reader.read()).done);
    },
    close: () => reader.cancel(),
  };
}

const userId = async (browser: Browser) => (await browser.call('GET', '/admin/v1/me')).body.user.id;

describe('a live page that is open', () => {
  it.each([
    ['signs out', (ann: Browser) => ann.call('POST', '/admin/v1/sign-out')],
    [
      'is switched off',
      async (ann: Browser, root: Browser) =>
        root.call('PATCH', `/admin/v1/users/${await userId(ann)}`, { body: { enabled: false } }),
    ],
    [
      'gets another role',
      async (ann: Browser, root: Browser) =>
        root.call('PATCH', `/admin/v1/users/${await userId(ann)}`, { body: { role: 'auditor' } }),
    ],
    [
      'is removed',
      async (ann: Browser, root: Browser) => root.call('DELETE', `/admin/v1/users/${await userId(ann)}`),
    ],
  ])('ends when its user %s', async (_what, change) => {
    const started = await startLive();
    const [ann, root] = [await started.signedIn('viewer'), await started.signedIn('administrator')];
    const live = await listen(started, { cookie: ann.cookie });
    expect((await change(ann, root)).status).toBeLessThan(300);
    await live.end();
  });

  it('ends when its session does, which it does not keep alive', async () => {
    const started = await startLive();
    const ann = await started.signedIn('viewer');
    const live = await listen(started, { cookie: ann.cookie });
    started.clock.now += 31 * 60_000;
    await live.end();
    expect((await ann.call('GET', '/admin/v1/me')).status).toBe(401);
  });

  it('ends when its admin key is removed', async () => {
    const started = await startLive();
    const root = await started.signedIn('administrator');
    const key = await started.adminKey('viewer');
    const live = await listen(started, { authorization: `Bearer ${key}` });
    await root.call('DELETE', `/admin/v1/admin-keys/${key.slice(0, 16)}`);
    await live.end();
  });

  it('is one of eight at most for one caller, and leaves its place when it is closed', async () => {
    const started = await startLive();
    const [ann, bob] = [await started.signedIn('viewer', 'Ann'), await started.signedIn('viewer', 'Bob')];
    const open = await Promise.all(Array.from({ length: 8 }, () => listen(started, { cookie: ann.cookie })));
    const ninth = await ann.call('GET', PATH);
    expect(ninth).toMatchObject({ status: 429, body: { code: 'too_many_calls' } });
    const other = await listen(started, { cookie: bob.cookie });
    expect(other.reply.status).toBe(200);
    await open[0]?.close();
    await expect
      .poll(async () => {
        const reply = await fetch(`${started.url}${PATH}`, { headers: { cookie: ann.cookie } });
        await reply.body?.cancel();
        return reply.status;
      })
      .toBe(200);
    for (const one of [...open, other]) await one.close();
  });
});
