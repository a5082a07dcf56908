import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/open.ts';
import { someExplanation, someRow } from '../../src/store/test-support/temp-store.ts';
import { type Browser, startConsole } from './support.ts';

const PATH = '/admin/v1/audit';

async function fill({ ledger }: Store): Promise<void> {
  for (const [n, reference] of ['case-1', 'case-2', 'case-1', null].entries()) {
    const at = new Date(Date.UTC(2026, 10, 1, 0, n));
    const explanation = someExplanation({ reference });
    await ledger.append(someRow({ at, requestId: `r${n}`, pictureSha256: `${n}`.repeat(64), explanation }));
  }
}

async function start() {
  const started = await startConsole();
  await fill(started.store);
  const auditor = await started.signedIn('auditor', 'Ann');
  const administrator = await started.signedIn('administrator', 'Ada');
  return { started, auditor, administrator };
}

/** Verifies, and waits for the end. */
async function verified(browser: Browser, body: object = {}) {
  const begun = await browser.call('POST', `${PATH}/verification`, { body });
  expect(begun.status).toBe(202);
  for (;;) {
    const { body: run } = await browser.call('GET', `${PATH}/verification`);
    if (run.state !== 'running') return run;
  }
}

describe('verifying the chains from the console', () => {
  it('tells what each chain holds, and remembers the last run', async () => {
    const { auditor, administrator } = await start();
    expect((await auditor.call('GET', `${PATH}/verification`)).body).toEqual({ state: 'none' });
    const run = await verified(auditor);
    expect(run).toMatchObject({ state: 'done', isAsWritten: true, by: 'Ann', failure: null, strayed: [] });
    expect(run.chains).toMatchObject([
      { chain: 'ledger', verified: 4, fault: null },
      { chain: 'admin', fault: null },
    ]);
    expect((await administrator.call('GET', `${PATH}/verification`)).body).toEqual(run);
  });

  it('finds a state kept elsewhere that the chain no longer passes through', async () => {
    const { started, auditor } = await start();
    const { body: kept } = await auditor.call('POST', `${PATH}/head`);
    expect(kept.heads.map((one: { chain: string }) => one.chain)).toEqual(['ledger', 'admin']);
    expect(await verified(auditor, { kept })).toMatchObject({ isAsWritten: true, kept: 2 });

    const other = await startConsole();
    await other.store.ledger.append(someRow({ requestId: 'another' }));
    const stranger = await other.signedIn('auditor');
    const strayed = await verified(stranger, { kept });
    expect(strayed).toMatchObject({ isAsWritten: false });
    expect(strayed.strayed).toContainEqual({ chain: 'ledger', rowId: 4, found: 'missing' });
    await started.store.check();
  });

  it('refuses what is no such state, and a state whose signature is wrong', async () => {
    const { auditor } = await start();
    const refused = async (kept: unknown) =>
      (await auditor.call('POST', `${PATH}/verification`, { body: { kept } })).body;
    expect(await refused({ heads: 'x' })).toMatchObject({ status: 400, code: 'head_malformed' });
    const { body: kept } = await auditor.call('POST', `${PATH}/head`);
    kept.heads[0].rowId = 3;
    expect(await refused(kept)).toMatchObject({ code: 'head_malformed' });
    expect((await auditor.call('GET', `${PATH}/verification`)).body).toEqual({ state: 'none' });
  });

  it('runs once at a time', async () => {
    const { auditor, administrator } = await start();
    const replies = await Promise.all(
      Array.from({ length: 4 }, () => administrator.call('POST', `${PATH}/verification`, { body: {} })),
    );
    const codes = replies.filter(({ status }) => status !== 202).map(({ body }) => body.code);
    expect([...new Set(codes)].every((code) => code === 'verification_running')).toBe(true);
    expect(replies.some(({ status }) => status === 202)).toBe(true);
    await expect
      .poll(async () => (await auditor.call('GET', `${PATH}/verification`)).body.state)
      .toBe('done');
  });
});

describe('erasing from the console', () => {
  it('says what would go, takes it out under the name of who asks, and the chain stays right', async () => {
    const { started, auditor, administrator } = await start();
    const preview = await administrator.call('POST', `${PATH}/erasure/preview`, {
      body: { reference: 'case-1' },
    });
    expect(preview.body).toEqual({ rows: 2, beside: 0, newest: '2026-11-01T00:02:00.000Z', notReached: [] });
    const erased = await administrator.call('POST', `${PATH}/erasure`, {
      body: { reference: 'case-1', rows: 2 },
    });
    expect(erased.body).toMatchObject({ rows: 2, keptAnswers: 0, notReached: [] });
    expect(erased.body.tombstones).toHaveLength(2);
    expect(erased.body.heads.length).toBeGreaterThan(0);
    expect(JSON.stringify(erased.body)).not.toContain('case-1');
    expect(await started.store.ledger.count({})).toBe(2);
    expect(await verified(auditor)).toMatchObject({ isAsWritten: true, chains: [{ erased: 2 }, {}] });
    const { body: log } = await auditor.call('GET', '/admin/v1/admin-log?action=ledger');
    expect(log.items).toMatchObject([
      { action: 'ledger.erase', actor: { name: 'Ada' }, after: { by: 'reference', rows: 2 } },
    ]);
    expect(JSON.stringify(log)).not.toContain('case-1');
  });

  it('refuses where the number of rows changed meanwhile, where there are none, and two targets', async () => {
    const { started, administrator } = await start();
    const erase = async (body: object) =>
      (await administrator.call('POST', `${PATH}/erasure`, { body })).body;
    expect(await erase({ reference: 'case-1', rows: 1 })).toMatchObject({
      status: 409,
      code: 'changed_meanwhile',
    });
    expect(await erase({ reference: 'nobody', rows: 1 })).toMatchObject({ status: 404, code: 'row_unknown' });
    expect(await erase({ requestId: 'r1', reference: 'case-1', rows: 1 })).toMatchObject({
      status: 400,
      code: 'erase_target',
    });
    expect(await started.store.ledger.count({})).toBe(4);
    expect(await erase({ pictureSha256: '1'.repeat(64), rows: 1 })).toMatchObject({ rows: 1 });
  });
});
