import { describe, expect, it, onTestFinished } from 'vitest';
import { createRefusalCounter, type Refusal } from './refusals.ts';
import type { LedgerRow } from './types.ts';

const refusal: Refusal = {
  api: 'v1',
  appid: '1000001',
  secretId: 'lsk_1',
  code: 15,
  http: 429,
  reason: 'rate',
  requestId: 'r-1',
  callerAddress: '192.0.2.1',
};

function counting(append?: (row: LedgerRow) => Promise<void>, everyMs = 5) {
  const rows: LedgerRow[] = [];
  const troubles: unknown[] = [];
  const counter = createRefusalCounter({
    ledger: { append: append ?? (async (row) => void rows.push(row)) },
    clock: () => 1000,
    version: '0.2.0',
    onTrouble: (error) => troubles.push(error),
    everyMs,
  });
  onTestFinished(() => counter.stop());
  return { counter, rows, troubles };
}

describe('refusals of known callers', () => {
  it('make one row for equal ones, with their number and the first request', async () => {
    const { counter, rows } = counting();
    for (let i = 1; i <= 1000; i += 1) counter.note({ ...refusal, requestId: `r-${i}` });
    counter.note({ ...refusal, reason: 'daily' });
    await expect.poll(() => rows.length).toBe(2);
    expect(rows).toMatchObject([
      {
        kind: 'request_refused',
        requests: 1000,
        requestId: 'r-1',
        code: 15,
        reasons: ['rate'],
        appid: '1000001',
      },
      { requests: 1, reasons: ['daily'] },
    ]);
    expect(rows[0]).toMatchObject({ pictureBytes: 0, pictureSha256: '', verdict: null, models: {} });
  });

  it('keep their count, in bounded memory, when addresses change with every request', async () => {
    const { counter, rows } = counting(undefined, 3_600_000);
    for (let i = 0; i < 10_000; i += 1)
      counter.note({ ...refusal, callerAddress: `2001:db8::${i.toString(16)}` });
    await counter.stop();
    expect(rows.length).toBeLessThanOrEqual(501);
    expect(rows.reduce((sum, row) => sum + row.requests, 0)).toBe(10_000);
  });

  it('of an app whose addresses change make few rows, and take nothing from those of another app', async () => {
    const { counter, rows } = counting(undefined, 3_600_000);
    for (let i = 0; i < 10_000; i += 1)
      counter.note({ ...refusal, appid: 'greedy', callerAddress: `2001:db8::${i.toString(16)}` });
    counter.note({ ...refusal, appid: 'quiet' });
    await counter.stop();
    expect(rows.filter(({ appid }) => appid === 'greedy').length).toBeLessThanOrEqual(51);
    expect(rows.filter(({ appid }) => appid === 'quiet')).toMatchObject([
      { callerAddress: '192.0.2.1', secretId: 'lsk_1', requests: 1 },
    ]);
  });

  it('are reported when they cannot be kept, and the next ones are kept again', async () => {
    const kept: LedgerRow[] = [];
    let fails = true;
    const { counter, troubles } = counting(async (row) => {
      if (fails) throw new Error('disk full');
      kept.push(row);
    });
    counter.note(refusal);
    await expect.poll(() => troubles.length).toBe(1);
    fails = false;
    counter.note(refusal);
    await expect.poll(() => kept.length).toBe(1);
  });

  it('are written when the service ends', async () => {
    const { counter, rows } = counting(undefined, 3_600_000);
    counter.note(refusal);
    await counter.stop();
    expect(rows).toHaveLength(1);
  });
});
