import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openConnection } from '../../store/sqlite/connection.ts';
import {
  someExplanation,
  someRow,
  temporaryFolder,
  temporaryStore,
} from '../../store/test-support/temp-store.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';

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

  it('shows one request in sentences, with all there is', async () => {
    const { out } = await ledger('show', 'second');
    for (const part of [
      'The app 1000002 called the service with the key AKIDsomebody0001 from 192.0.2.7',
      'request second.',
      'The verdict was live; the score 93 was answered, 93.25 as judged; code 0',
      `detector  ${'ef'.repeat(32)}`,
      'Row 2 of the chain, hash ',
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

describe('livestill ledger verify, head and erase', () => {
  it('finds nothing wrong, and what was changed afterwards also against a state kept elsewhere', async () => {
    const kept = join(dataDir, 'head.json');
    writeFileSync(kept, (await ledger('head')).out);
    expect(await ledger('verify', '--head', kept)).toMatchObject({
      status: 0,
      out: expect.stringContaining('Decisions: 3 rows as written'),
    });
    const file = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
    file.begin();
    file.execute("update ledger set verdict = 'live' where request_id = 'first'", []);
    file.commit();
    file.close();
    const { out, status } = await ledger('verify', '--head', kept);
    expect([status, out]).toEqual([1, expect.stringContaining('Decisions: NOT as written. First at row 1')]);
  });

  it('refuses a file that is no kept state, and one that was changed', async () => {
    const kept = join(dataDir, 'head.json');
    const head = (await ledger('head')).out;
    for (const text of ['', '{}', head.replace('"rowId":3', '"rowId":2')]) {
      writeFileSync(kept, text);
      expect(await ledger('verify', '--head', kept)).toMatchObject({
        status: 2,
        err: expect.stringContaining(kept),
      });
    }
  });

  it('erases after a yes alone, and prints the proof', async () => {
    expect(await ledger('erase', '--request-id', 'second')).toMatchObject({
      status: 2,
      err: expect.stringContaining('1 row would be erased for good: add --yes'),
    });
    const proof = await livestillJson(
      'ledger',
      'erase',
      '--request-id',
      'second',
      '--yes',
      '--data',
      dataDir,
    );
    expect(proof).toMatchObject({ rows: 1, tombstones: [{ fromId: 2, toId: 2 }], heads: [{ rowId: 3 }, {}] });
    expect((await ledger('verify')).out).toContain('2 rows as written; 1 row erased on request');
    for (const wrong of [[], ['--request-id', 'a', '--reference', 'b'], ['--picture-sha256', 'abc']]) {
      expect((await ledger('erase', ...wrong)).status).toBe(2);
    }
  });
});

describe('livestill ledger erase --batch', () => {
  const sha256 = 'ab'.repeat(32);
  const row = (key: string, hash: string) => `${JSON.stringify({ key, picture: key, sha256: hash })}\n`;
  const batch = () => join(dataDir, 'batch.ndjson');
  beforeEach(() => {
    writeFileSync(batch(), row('gone', sha256) + row('stays', 'cd'.repeat(32)));
    writeFileSync(`${batch()}.run.json`, JSON.stringify({ outputs: [] }));
  });

  it('takes the picture of a request out of the results of a batch, with a proof and an entry in the log', async () => {
    const asked = await ledger('erase', '--request-id', 'second', '--batch', batch());
    expect([asked.status, asked.err]).toEqual([
      2,
      expect.stringContaining('1 row and 1 row of batches would be erased'),
    ]);
    const { out } = await ledger('erase', '--request-id', 'second', '--batch', batch(), '--yes');
    expect(out).toContain(`${batch()}: 1 row erased.`);
    expect(JSON.parse(out.slice(out.indexOf('{')))).toMatchObject({ batches: [{ rows: 1 }], notReached: [] });
    expect(readFileSync(batch(), 'utf8')).toBe(row('stays', 'cd'.repeat(32)));
    const log = await livestillJson('log', 'admin', '--action', 'batch.erase', '--data', dataDir);
    expect(log).toMatchObject([{ target: batch(), after: { rows: 1 } }]);
  });

  it('takes the stills of a request out of it too, and for one still that one alone', async () => {
    const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
    const still = { bytes: 10, source: 'bytes', verdict: null, rawScore: null } as const;
    const stills = [one, two].map((hash) => ({ ...still, sha256: hash }));
    const rows = ['several', 'again'].map((requestId) =>
      someRow({ requestId, pictureSha256: '3'.repeat(64), explanation: someExplanation({ stills }) }),
    );
    const store = await temporaryStore({ dataDir });
    for (const some of rows) await store.ledger.append(some);
    await store.close();
    writeFileSync(batch(), row('one', one) + row('two', two) + row('stays', sha256));
    const asked = (...by: string[]) => ledger('erase', ...by, '--batch', batch());
    expect((await asked('--picture-sha256', one)).err).toContain(
      '2 rows and 1 row of batches would be erased',
    );
    expect((await asked('--request-id', 'several')).err).toContain('1 row and 2 rows of batches would be');
    const { out } = await asked('--picture-sha256', one, '--yes');
    expect(out).toContain('2 rows and 0 kept answers erased.');
    expect(readFileSync(batch(), 'utf8')).toBe(row('two', two) + row('stays', sha256));
  });

  it('erases nothing while the batch runs', async () => {
    writeFileSync(`${batch()}.lock`, JSON.stringify({ pid: 1, host: 'another machine' }));
    const args = ['--picture-sha256', sha256, '--batch', batch(), '--yes'];
    expect((await ledger('erase', ...args)).err).toContain('is writing to');
    expect((await ledger('verify')).out).toContain('3 rows as written; ');
  });

  it('names the copies in the data folder', async () => {
    mkdirSync(join(dataDir, 'replaced-20261128T180000Z'));
    const { out } = await ledger('erase', '--request-id', 'second', '--yes');
    expect(out).toMatch(/Not reached: .*replaced-20261128T180000Z\. Delete it/);
  });
});

describe('livestill log admin', () => {
  it('shows who changed what, before and after', async () => {
    await livestill('app', 'create', '--appid', '1000001', '--data', dataDir);
    await livestill('app', 'policy', '1000001', '--threshold', '95', '--data', dataDir);
    await ledger('export');
    const { out } = await livestill('log', 'admin', '--data', dataDir);
    expect(out).toMatch(
      /ledger\.export.*\n.*app\.policy +1000001 +policy\.threshold: none -> 95\n.*app\.create/,
    );
    expect(out).toContain(userInfo().username);
  });
});
