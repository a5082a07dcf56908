import { describe, expect, it } from 'vitest';
import { submitInput } from '../../src/cli/batch/submitted.ts';
import { nodesOn, someWorker, until } from '../../src/jobs/test-support/fleet.ts';
import { runWorker } from '../../src/jobs/worker.ts';
import type { Store } from '../../src/store/open.ts';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { batchesArea } from '../../src/wire/admin/batches.ts';
import { startConsole } from './support.ts';

describe.skipIf(whyNoServer !== null)(
  `batches in the admin API${whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`}`,
  () => {
    const of = serverOfTests();

    /** The console over a store of its own, with the batches of a database. */
    async function start(node: Store | undefined) {
      const batches = node?.batches ?? null;
      const started = await startConsole({
        areas: () => [
          batchesArea({
            batches,
            readsPaths: true,
            signsWebhooks: false,
            submit: (order, input) => {
              if (batches === null) throw new Error('no queue');
              return submitInput(batches, order, { input, picturesDir: '/pictures', chunk: 2 });
            },
          }),
        ],
      });
      await started.store.accounts.createApp(
        { appid: '1', name: 'shop' },
        { secretId: 'AKIDsome000001', secretKey: 'some-key-of-the-app-0000000000001' },
      );
      const operator = await started.signedIn('operator', 'olga');
      const submit = async (query: string, list: string) => {
        const reply = await fetch(`${started.url}/admin/v1/batches?${query}`, {
          method: 'POST',
          body: list,
          headers: {
            cookie: operator.cookie,
            'x-csrf-token': operator.csrfToken,
            'content-type': 'application/octet-stream',
          },
        });
        // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many forms.
        return { status: reply.status, body: (await reply.json()) as any };
      };
      const get = async (path: string) => operator.call('GET', `/admin/v1/batches${path}`);
      const change = async (id: string, to: string) => operator.call('POST', `/admin/v1/batches/${id}/${to}`);
      return { started, operator, submit, get, change };
    }

    it('are submitted as lists, paged, paused, gone on with, cancelled, each in the log of changes', async () => {
      const [node] = await nodesOn(of.server, 1);
      const { started, submit, get, change } = await start(node);
      const ids: string[] = [];
      for (const name of ['first', 'second', 'third']) {
        const { status, body } = await submit(`app=1&name=${name}&priority=3`, 'a.jpg\nb.jpg\nc.jpg\n');
        expect([status, body.state, body.pictures, body.secretId]).toEqual([201, 'running', 3, 'olga']);
        ids.unshift(body.batchId);
      }
      const first = (await get('?limit=2')).body;
      expect(first.takes).toEqual({ paths: true, webhooks: false });
      expect(first.items.map((one: { batchId: string }) => one.batchId)).toEqual(ids.slice(0, 2));
      const second = (await get(`?limit=2&after=${first.next}`)).body;
      expect([second.items.length, second.items[0].name, second.next]).toEqual([1, 'first', null]);
      expect((await get('?app=2')).body.items).toEqual([]);
      const [id = ''] = ids;
      expect((await change(id, 'pause')).body.state).toBe('paused');
      expect((await change(id, 'resume')).body.state).toBe('running');
      expect((await change(id, 'cancel')).body.state).toBe('cancelled');
      const over = await change(id, 'resume');
      expect([over.status, over.body.code]).toEqual([409, 'batch_over']);
      const missing = await get('/00000000-0000-0000-0000-000000000000');
      expect([missing.status, missing.body.code]).toEqual([404, 'batch_unknown']);
      const log = await started.store.chains.adminLog(10, { action: 'batch' });
      expect(log.map(({ action, actor }) => [action, actor.name]).slice(0, 4)).toEqual([
        ['batch.cancel', 'olga'],
        ['batch.resume', 'olga'],
        ['batch.pause', 'olga'],
        ['batch.submit', 'olga'],
      ]);
    });

    it('say what is wrong with a list, by the name that the caller gave it', async () => {
      const [node] = await nodesOn(of.server, 1);
      const { submit, get } = await start(node);
      const tried = async (query: string, list: string) => {
        const { status, body } = await submit(query, list);
        return [status, body.code, body.detail];
      };
      expect(await tried('app=1&file=wanted.csv', 'name\nx\n')).toEqual([
        400,
        'broken_input',
        expect.stringMatching(/^wanted\.csv, line 1: expected a path or url/),
      ]);
      expect((await tried('app=1', ''))[1]).toBe('no_pictures');
      expect((await tried('app=1', 'a\0b'))[1]).toBe('broken_input');
      expect((await tried('app=9', 'a.jpg'))[1]).toBe('app_unknown');
      expect((await tried('app=1&webhook=https://example.org', 'a.jpg'))[1]).toBe('webhook_off');
      expect((await tried('app=1&priority=10', 'a.jpg'))[1]).toBe('invalid_request');
      const { items } = (await get('')).body;
      expect(items.filter(({ state }: { state: string }) => state !== 'cancelled')).toEqual([]);
    });

    it('give their results by page and as a file', async () => {
      const [node] = await nodesOn(of.server, 1);
      const { started, operator, submit, get } = await start(node);
      const { body } = await submit('app=1&file=a.csv', 'path,note\na.jpg,1\nb.jpg,2\nc.jpg,3\n');
      const giveUp = new AbortController();
      const worker = runWorker(someWorker(node as Store), giveUp.signal);
      await until(async () => (await get(`/${body.batchId}`)).body.state === 'done');
      giveUp.abort();
      await worker;
      expect((await get(`/${body.batchId}`)).body).toMatchObject({
        pictures: 3,
        refused: 3,
        secondsLeft: null,
      });
      const page = (await get(`/${body.batchId}/results?limit=2`)).body;
      expect(page.items).toMatchObject([
        { row: 1, picture: 'a.jpg' },
        { row: 2, picture: 'b.jpg' },
      ]);
      const rest = (await get(`/${body.batchId}/results?limit=2&after=${page.next}`)).body;
      expect([rest.items.length, rest.next]).toEqual([1, null]);
      const file = async (format: string) =>
        fetch(`${started.url}/admin/v1/batches/${body.batchId}/results/${format}`, {
          headers: { cookie: operator.cookie },
        });
      const lines = (await (await file('ndjson')).text()).trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line).picture)).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
      const csv = await file('csv');
      expect(csv.headers.get('content-disposition')).toBe(`attachment; filename="batch-${body.batchId}.csv"`);
      expect((await csv.text()).trimEnd().split('\n')).toHaveLength(4);
      expect(Buffer.from(await (await file('parquet')).arrayBuffer()).toString('latin1')).toMatch(/^PAR1/);
      expect((await file('xlsx')).status).toBe(400);
    });
  },
);
