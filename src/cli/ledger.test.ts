import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { someRow, temporaryFolder, temporaryStore } from '../store/test-support/temp-store.ts';
import { livestill, livestillJson } from './test-support/livestill.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await temporaryFolder();
  const { ledger } = await temporaryStore({ dataDir });
  await ledger.append(
    someRow({ requestId: 'first', at: new Date('2026-11-01T00:00:00Z'), verdict: 'attack', score: 3 }),
  );
  await ledger.append(
    someRow({ requestId: 'second', at: new Date('2026-11-02T00:00:00Z'), appid: '1000002' }),
  );
  await ledger.append(
    someRow({
      requestId: 'third',
      at: new Date('2026-11-03T00:00:00Z'),
      verdict: null,
      score: null,
      rawScore: null,
      reasons: [],
    }),
  );
});

const ledger = (...args: string[]) => livestill('ledger', ...args, '--data', dataDir);

describe('livestill ledger show', () => {
  it('shows the last rows, newest first', async () => {
    const { out } = await ledger('show', '--last', '2');
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^time +appid +verdict +score +code +reasons +request$/);
    expect(lines.slice(1).map((line) => line.split(/\s+/).at(-1))).toEqual(['third', 'second']);
    const rows = await livestillJson<{ requestId: string }[]>(
      'ledger',
      'show',
      '--verdict',
      'attack',
      '--data',
      dataDir,
    );
    expect(rows.map((row) => row.requestId)).toEqual(['first']);
  });

  it('shows one request with all there is', async () => {
    const { out } = await ledger('show', 'second');
    for (const part of [
      'request   second',
      'appid     1000002',
      'verdict   live',
      'score     93 (as judged: 93.25)',
      `detector ${'ef'.repeat(32)}`,
    ]) {
      expect(out).toContain(part);
    }
    expect(await livestillJson('ledger', 'show', 'second', '--data', dataDir)).toMatchObject({
      id: 2,
      at: '2026-11-02T00:00:00.000Z',
    });
    expect(await ledger('show', 'nobody')).toMatchObject({
      status: 2,
      err: expect.stringContaining('holds no request "nobody"'),
    });
  });

  it('says so when there is nothing', async () => {
    expect((await ledger('show', '--since', '2027-01-01')).out).toBe('There are no such rows.\n');
  });
});

describe('livestill ledger export', () => {
  it('writes NDJSON, oldest first', async () => {
    const { out, status } = await ledger('export');
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { requestId: string });
    expect([status, rows.map((row) => row.requestId)]).toEqual([0, ['first', 'second', 'third']]);
  });

  it('writes CSV of a span of time', async () => {
    const { out } = await ledger(
      'export',
      '--format',
      'csv',
      '--since',
      '2026-11-02',
      '--until',
      '2026-11-03T00:00:00Z',
    );
    const lines = out.trimEnd().split('\r\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^2,2026-11-02T00:00:00.000Z,second,1000002,/);
  });

  it('writes into a new file of the owner alone, never over another', async () => {
    const output = join(dataDir, 'out.ndjson');
    expect((await ledger('export', '--output', output, '--appid', '1000002')).status).toBe(0);
    expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toHaveLength(1);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    expect(await ledger('export', '--output', output)).toMatchObject({
      status: 2,
      err: expect.stringContaining('exists already'),
    });
    const nowhere = await ledger('export', '--output', join(dataDir, 'no', 'where'));
    expect(nowhere).toMatchObject({ status: 2, err: expect.stringContaining('cannot be written') });
  });

  it('refuses what is no time', async () => {
    for (const since of ['yesterday', '2026-13-01', '2026-11-01T10:00']) {
      expect(await ledger('export', '--since', since)).toMatchObject({
        status: 2,
        err: expect.stringContaining('Expected a day such as'),
      });
    }
  });
});

describe('livestill ledger prune', () => {
  it('counts first, and deletes only when told so', async () => {
    const asked = await ledger('prune', '--before', '2026-11-03');
    expect(asked).toMatchObject({
      status: 2,
      err: expect.stringContaining('2 rows from before 2026-11-03T00:00:00.000Z would be deleted: add --yes'),
    });
    expect(
      await livestillJson('ledger', 'prune', '--before', '2026-11-03', '--yes', '--data', dataDir),
    ).toMatchObject({ deleted: 2 });
    expect((await ledger('export')).out.trimEnd().split('\n')).toHaveLength(1);
    expect(
      await livestillJson('ledger', 'prune', '--older-than', '0s', '--yes', '--data', dataDir),
    ).toMatchObject({ deleted: 1 });
  });

  it('wants one bound', async () => {
    for (const bounds of [[], ['--before', '2026-11-03', '--older-than', '1d']]) {
      expect(await ledger('prune', ...bounds)).toMatchObject({
        status: 2,
        err: expect.stringContaining('expected one of --older-than and --before'),
      });
    }
  });
});
