import { describe, expect, it } from 'vitest';
import { createAdmission, type Permit } from './admission.ts';

function admissionOf(options: { permits?: number; maxWaitMs?: number; firstGuessMs?: number } = {}) {
  const time = { now: 0 };
  const admission = createAdmission({
    permits: options.permits ?? 2,
    maxWaitMs: options.maxWaitMs ?? 1000,
    firstGuessMs: options.firstGuessMs ?? 100,
    clock: () => time.now,
  });
  return { admission, time };
}

describe('admission', () => {
  it('lets in as many as there are permits, and the rest one by one in their order', async () => {
    const { admission } = admissionOf();
    const order: number[] = [];
    const held: Permit[] = [];
    const all = Array.from({ length: 6 }, (_, at) =>
      admission.enter().then((permit) => {
        order.push(at);
        held.push(permit);
      }),
    );
    await Promise.resolve();
    expect([admission.running, admission.waiting]).toEqual([2, 4]);
    while (order.length < 6) {
      held.shift()?.release();
      await new Promise((resolve) => setImmediate(resolve));
      expect(admission.running).toBeLessThanOrEqual(2);
    }
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    for (const permit of held) permit.release();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });

  it('a permit that is released twice counts once', async () => {
    const { admission } = admissionOf({ permits: 1 });
    const permit = await admission.enter();
    permit.release();
    permit.release();
    await admission.enter();
    expect(admission.running).toBe(1);
  });

  it('refuses when the expected wait is too long, with that wait as Retry-After', async () => {
    const { admission } = admissionOf({ permits: 2, maxWaitMs: 1250, firstGuessMs: 1000 });
    await Promise.all([admission.enter(), admission.enter()]);
    expect(admission.refusal()).toBeNull();
    const waiting = [admission.enter(), admission.enter()];
    // Three in line before two workers of one second each: 1.5 s.
    expect(admission.refusal()).toMatchObject({ kind: 'busy', reason: 'queue_full', retryAfter: 2 });
    await expect(admission.enter()).rejects.toMatchObject({ kind: 'busy' });
    expect(admission.waiting).toBe(waiting.length);
  });

  it('says how long one that comes now is expected to wait', async () => {
    const { admission } = admissionOf({ permits: 2, maxWaitMs: 9000, firstGuessMs: 1000 });
    const [held] = await Promise.all([admission.enter()]);
    expect(admission.expectedWaitMs).toBe(0);
    await admission.enter();
    expect(admission.expectedWaitMs).toBe(500);
    const waits = admission.enter();
    expect(admission.expectedWaitMs).toBe(1000);
    held.release();
    await waits;
    expect(admission.waiting).toBe(0);
  });

  it('with no wait allowed it takes on only what finds a free permit', async () => {
    const { admission } = admissionOf({ permits: 1, maxWaitMs: 0 });
    const permit = await admission.enter();
    expect(admission.refusal()).not.toBeNull();
    permit.release();
    expect(admission.refusal()).toBeNull();
  });

  it('learns what a picture takes', async () => {
    const { admission, time } = admissionOf({ permits: 1, maxWaitMs: 500, firstGuessMs: 100 });
    for (let count = 0; count < 50; count++) {
      const permit = await admission.enter();
      time.now += 600;
      permit.release();
    }
    await admission.enter();
    expect(admission.refusal()?.retryAfter).toBe(1);
  });

  it('whoever gives up waiting leaves the line, and nobody else loses their turn', async () => {
    const { admission } = admissionOf({ permits: 1 });
    const first = await admission.enter();
    const leaving = new AbortController();
    const left = admission.enter({ signal: leaving.signal });
    const next = admission.enter();
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    first.release();
    (await next).release();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });

  it('whoever has given up before is not let in', async () => {
    const { admission } = admissionOf();
    await expect(admission.enter({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(admission.running).toBe(0);
  });

  it('one picture that hangs does not make the next ones look slow', async () => {
    const { admission, time } = admissionOf({ permits: 1, maxWaitMs: 1000, firstGuessMs: 100 });
    const serve = async (milliseconds: number) => {
      const permit = await admission.enter();
      time.now += milliseconds;
      permit.release();
    };
    for (let count = 0; count < 20; count++) await serve(100);
    await serve(30_000);
    await admission.enter();
    expect(admission.refusal()).toBeNull();
  });

  it('whoever has waited longer than allowed is refused at its turn, and the next has it', async () => {
    const { admission, time } = admissionOf({ permits: 1, maxWaitMs: 1000 });
    const first = await admission.enter();
    const late = admission.enter({ app: 'a' });
    time.now = 600;
    const timely = admission.enter({ app: 'a' });
    time.now = 1001;
    first.release();
    await expect(late).rejects.toMatchObject({ kind: 'busy', reason: 'queue_overdue' });
    (await timely).release();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });
});
