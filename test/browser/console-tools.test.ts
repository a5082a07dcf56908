import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sign } from '../../src/account/signature/signature.ts';
import { submitInput } from '../../src/cli/batch/submitted.ts';
import { nodesOn, someWorker } from '../../src/jobs/test-support/fleet.ts';
import { runWorker } from '../../src/jobs/worker.ts';
import type { Store } from '../../src/store/open.ts';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { someExplanation, someRow } from '../../src/store/test-support/temp-store.ts';
import type { DoctorCheck } from '../../src/wire/admin/doctor.ts';
import { type ToolsDeps, toolsAreas } from '../../src/wire/admin/tools.ts';
import { findChromium, startChromium } from './support/chromium.ts';
import {
  keepPicture,
  LOOKS,
  openConsole,
  PERSON,
  signIn,
  startWalk,
  testLooks,
  type Walk,
} from './support/console.ts';
import { type ConsoleHere, startConsoleHere } from './support/console-here.ts';

const { path, reason } = findChromium();

const SERVICE = 'https://liveness.example.org';
const APPID = '1000001';
const PAIR = { secretId: 'AKIDpair000000001', secretKey: 'a-key-that-nobody-else-has-000001' };
const CHECKS: readonly DoctorCheck[] = [
  { name: 'Node.js', status: 'ok', found: 'v24.14.1', advice: null },
  {
    name: 'master key',
    status: 'fail',
    found: '/var/lib/livestill/master.key, mode 644: others may read it',
    advice: 'chmod 600 /var/lib/livestill/master.key',
  },
  {
    name: 'disk room',
    status: 'warn',
    found: '812.0 MiB free',
    advice: 'Free disk space, or let old rows be deleted: ledger.retentionDays, "livestill ledger prune".',
  },
  { name: 'database', status: 'ok', found: 'whole, 3.1 MiB, 2 apps, 4210 ledger rows', advice: null },
];

describe.skipIf(path === null)(`the tools of the console${reason === null ? '' : ` (${reason})`}`, () => {
  let here: ConsoleHere;
  let browser: Browser;
  let checks: readonly DoctorCheck[] = CHECKS;

  const depsOf = (store: Store, batches: Store['batches']): ToolsDeps => ({
    signature: {
      replay: store.replay,
      settings: { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: false },
      evenClock: () => performance.now(),
    },
    doctor: { examine: async () => ({ checks, isWhole: true, milliseconds: 812 }) },
    batches: {
      batches,
      readsPaths: true,
      signsWebhooks: true,
      submit: (order, input) => {
        if (batches === null) throw new Error('there is no queue');
        return submitInput(batches, order, { input, picturesDir: '/pictures', chunk: 3 });
      },
    },
    service: { serviceUrl: () => SERVICE },
  });

  beforeAll(async () => {
    [here, browser] = await Promise.all([
      startConsoleHere((store) => toolsAreas(depsOf(store, store.batches))),
      startChromium(path ?? '', { feed: null }),
    ]);
    await here.addUser(PERSON.name, 'administrator');
    await here.store.accounts.createApp({ appid: APPID, name: 'Front desk' }, PAIR);
  });

  afterAll(async () => {
    await browser?.close();
    await here?.stop();
  });

  /** A page that somebody signed in to; what it did wrong is looked at in the end. */
  async function open(to: string, context: BrowserContextOptions = {}, url = here.url): Promise<Page> {
    const { page, wrong } = await openConsole(browser, `${url}/console${to}`, context);
    onTestFinished(async () => {
      await page.context().close();
      expect(wrong).toEqual([]);
    });
    await signIn(page);
    return page;
  }

  const seconds = () => Math.floor(Date.now() / 1000);
  const signed = (change = {}, key = PAIR.secretKey) =>
    sign(
      { appid: APPID, secretId: PAIR.secretId, issued: seconds(), expires: seconds() + 3600, ...change },
      key,
    );

  it('check a signature, and say each thing that is wrong with it', async () => {
    const page = await open('/signature');
    const verdict = page.getByTestId('verdict');
    await page.getByLabel('Signature', { exact: true }).fill(`Authorization: ${signed()}`);
    await page.getByRole('button', { name: 'Check' }).click();
    await expect.poll(() => verdict.textContent()).toBe('The service accepts this signature.');
    expect(await page.locator('.facts').textContent()).toContain(PAIR.secretId);
    const wrong = signed(
      { issued: seconds() - 7200, expires: seconds() - 3600 },
      'another key of nobody at all',
    );
    await page.getByLabel('Signature', { exact: true }).fill(wrong);
    await page.getByLabel('appid of the body').fill('7');
    await page.getByRole('button', { name: 'Check' }).click();
    await expect.poll(() => verdict.textContent()).toBe('The service refuses this signature.');
    expect(await page.locator('.reasons li code').allTextContents()).toEqual([
      'hmac_differs',
      'expired',
      'appid_differs',
    ]);
    await page.getByLabel('Signature', { exact: true }).fill('%%%');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.locator('.reasons li code').getByText('not_base64').waitFor();
  });

  it('make a signature that is accepted, with code for the real address', async () => {
    const page = await open('/signature');
    await page.getByLabel('App', { exact: true }).fill('9');
    await page.getByRole('button', { name: 'Make signature' }).click();
    await page.getByText('There is no app with this appid.').waitFor();
    await page.getByLabel('App', { exact: true }).fill(APPID);
    await page.getByLabel('Pair').selectOption(PAIR.secretId);
    await page.getByText('Once', { exact: true }).click();
    await page.getByRole('button', { name: 'Make signature' }).click();
    await page.locator('.problem', { hasText: 'for one file' }).waitFor();
    await page.getByLabel('File (f)').fill('selfie-17');
    await page.getByRole('button', { name: 'Make signature' }).click();
    await page.getByText('Usable once, within 15 min').waitFor();
    const signature = (await page.locator('.copied code').first().textContent()) ?? '';
    expect(await page.locator('pre.code').textContent()).toContain(
      `curl '${SERVICE}/face/livedetectpicture'`,
    );
    for (const language of ['TypeScript', 'Python', 'PHP', 'Java']) {
      await page.getByText(language, { exact: true }).click();
      await expect.poll(() => page.locator('pre.code').textContent()).toContain(`k=${PAIR.secretId}`);
    }
    expect(await page.content()).not.toContain(PAIR.secretKey);
    await page.getByLabel('Signature', { exact: true }).fill(signature);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('It was not used yet.').waitFor();
  });

  it('show what the doctor found, the worst first, with the cure to copy', async () => {
    checks = CHECKS;
    const page = await open('/doctor');
    await page.getByText('1 of 4 checks failed.').waitFor();
    expect(await page.locator('.findings').first().textContent()).toContain('chmod 600');
    expect(await page.locator('h2').allTextContents()).toEqual(['Failed', 'Warnings', 'Well']);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy Master key' }).click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toBe('chmod 600 /var/lib/livestill/master.key');
    checks = CHECKS.slice(0, 1);
    await page.getByRole('button', { name: 'Check again' }).click();
    await page.getByText('All is well.').waitFor();
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Check again' }).click();
    await page.locator('.failed').waitFor();
    await page.context().setOffline(false);
    await page.getByText('All is well.').waitFor();
  });

  it('say what batches need where there is no queue', async () => {
    const page = await open('/batches');
    await page.getByRole('heading', { name: 'Batches need a PostgreSQL database' }).waitFor();
    expect(await page.getByRole('button', { name: 'New batch' }).count()).toBe(0);
  });

  it('verify the chains, also against a state kept earlier, and refuse one that was changed', async () => {
    const { ledger } = here.store;
    await ledger.append(someRow({ requestId: 'audited-1' }));
    await ledger.append(someRow({ requestId: 'audited-2' }));
    const page = await open('/audit');
    const verify = page.getByRole('button', { name: 'Verify', exact: true });
    const banner = page.locator('.banner.flat');
    await verify.click();
    await expect.poll(() => banner.textContent()).toBe('All rows are as they were written.');
    expect(await page.locator('.findings').textContent()).toContain('Changes by operators');
    const [head] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Sign and download' }).click(),
    ]);
    expect(head.suggestedFilename()).toMatch(/^livestill-head-\d{4}-\d\d-\d\d\.json$/);
    const kept = await head.path();
    await page.locator('input[type=file]').setInputFiles(kept);
    await verify.click();
    await expect
      .poll(() => page.locator('.findings').textContent())
      .toContain('All states in the file are still part of their chains (2)');
    await page.locator('input[type=file]').setInputFiles({
      ...{ name: 'other.json', mimeType: 'application/json' },
      buffer: Buffer.from((await readFile(kept, 'utf8')).replace(/"rowId": \d+/, '"rowId": 1')),
    });
    await verify.click();
    await expect.poll(() => page.locator('.problem').first().textContent()).toContain('a signature in it');
    await keepPicture(page, 'audit-refused');
  });

  it('erase a person after the number of rows was typed, and hand over the proof', async () => {
    const explanation = someExplanation({ reference: 'case-7' });
    for (const requestId of ['erased-1', 'erased-2'])
      await here.store.ledger.append(someRow({ requestId, explanation }));
    const page = await open('/audit');
    await page.getByRole('textbox', { name: 'Reference of the caller' }).fill('nobody');
    await page.getByRole('button', { name: 'See what would go' }).click();
    await expect.poll(() => page.getByText('Nothing like this is kept.').count()).toBe(1);
    await page.getByRole('textbox', { name: 'Reference of the caller' }).fill('case-7');
    await page.getByRole('button', { name: 'See what would go' }).click();
    const dialog = page.locator('dialog');
    await expect.poll(() => dialog.textContent()).toContain('Rows that go: 2');
    await keepPicture(page, 'audit-erase');
    const erase = dialog.getByRole('button', { name: 'Erase' });
    expect(await erase.isDisabled()).toBe(true);
    await dialog.locator('input').fill('2');
    await erase.click();
    await expect.poll(() => page.getByText('Erased: rows 2').count()).toBe(1);
    const [proof] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the proof' }).click(),
    ]);
    const told = JSON.parse(await readFile(await proof.path(), 'utf8'));
    expect([told.rows, told.tombstones.length, told.heads.length]).toEqual([2, 2, 2]);
    expect(await here.store.ledger.count({ reference: 'case-7' })).toBe(0);
    await keepPicture(page, 'audit-erased');
  });

  describe('are accessible and fit', () => {
    let walk: Walk;
    beforeAll(async () => {
      walk = await startWalk(browser, `${here.url}/console/signature`);
      const { page, look } = walk;
      await signIn(page);
      await page.locator('textarea').waitFor();
      await look('signature-empty');
      await page.locator('textarea').fill(signed({ expires: seconds() - 60 }));
      await page.locator('form button[type=submit]').first().click();
      await page.getByTestId('verdict').waitFor();
      await page.locator('input[list]').fill(APPID);
      await page.locator('form button[type=submit]').nth(1).click();
      await page.locator('pre.code').waitFor();
      await look('signature');
      checks = CHECKS;
      await walk.visit('/doctor');
      await page.locator('.findings').first().waitFor();
      await look('doctor');
      await walk.visit('/batches');
      await page.locator('pre.code').first().waitFor();
      await look('batches-none');
      await walk.visit('/audit');
      await page.locator('form button[type=submit]').first().click();
      await page.locator('.findings').first().waitFor();
      await look('audit');
      await page.context().close();
    });

    testLooks(() => walk);
  });

  describe.skipIf(whyNoServer !== null)(
    `with a job queue${whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`}`,
    () => {
      const of = serverOfTests();

      /** The console with the batches of a new database, and a worker there that is started when it is wanted. */
      async function withQueue() {
        const [node] = await nodesOn(of.server, 1);
        if (node === undefined) throw new Error('there is no node');
        const started = await startConsoleHere((store) => toolsAreas(depsOf(store, node.batches)));
        onTestFinished(() => started.stop());
        await started.addUser(PERSON.name, 'operator');
        await started.store.accounts.createApp({ appid: '1', name: 'Front desk' }, PAIR);
        const work = () => {
          const stop = new AbortController();
          const running = runWorker(someWorker(node), stop.signal);
          onTestFinished(async () => {
            stop.abort();
            await running;
          });
        };
        return { url: started.url, work };
      }

      async function submit(page: Page, name: string, list: string): Promise<void> {
        await page.getByRole('button', { name: 'New batch' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('App', { exact: true }).fill('1');
        await dialog.getByLabel('Name').fill(name);
        await dialog.getByText('Lines', { exact: true }).click();
        await dialog.getByLabel('List of pictures').fill(list);
        await dialog.getByRole('button', { name: 'Submit' }).click();
      }

      it('submit a batch, watch it, pause it, go on, and fetch its results', async () => {
        const { url, work } = await withQueue();
        const page = await open('/batches', {}, url);
        await page.getByText('There is no batch yet.').waitFor();
        await page.getByRole('button', { name: 'New batch' }).click();
        await page.getByRole('dialog').getByLabel('App', { exact: true }).fill('1');
        await page.getByRole('button', { name: 'Submit' }).click();
        await page.getByText('Choose a file, or type at least one line.').waitFor();
        await page.locator('input[type=file]').setInputFiles({
          name: 'list.csv',
          mimeType: 'text/csv',
          buffer: Buffer.from('wrong\na.jpg\n'),
        });
        await page.getByRole('button', { name: 'Submit' }).click();
        await page.locator('dialog .problem', { hasText: 'list.csv, line 1' }).waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await submit(page, 'November', Array.from({ length: 7 }, (_, i) => `${i}.jpg`).join('\n'));
        await page.getByRole('heading', { name: 'November' }).waitFor();
        await page.getByText('There are no results yet.').waitFor();
        await page.getByRole('button', { name: 'Pause' }).click();
        await page.locator('.badge.batch-paused').waitFor();
        await page.getByRole('button', { name: 'Go on' }).click();
        await page.locator('.badge.batch-running').waitFor();
        work();
        await page.locator('.badge.batch-done').waitFor();
        await page.getByText('7 of 7').waitFor();
        const rows = page.getByRole('group', { name: 'Results' }).locator('tbody tr');
        await expect.poll(() => rows.count()).toBe(7);
        const download = page.waitForEvent('download');
        await page.getByRole('link', { name: 'CSV' }).click();
        const file = await (await download).path();
        expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(8);
      });

      it('cancel a batch once somebody has read what that does', async () => {
        const { url } = await withQueue();
        const page = await open('/batches', {}, url);
        await submit(page, '', 'a.jpg\nb.jpg');
        await page.getByRole('button', { name: 'Cancel batch' }).click();
        const dialog = page.getByRole('dialog');
        expect(await dialog.textContent()).toContain('2 pictures are not judged any more.');
        await dialog.getByRole('button', { name: 'Cancel batch' }).click();
        await page.locator('.badge.batch-cancelled').waitFor();
        await page.goto(`${url}/console/batches/00000000-0000-0000-0000-000000000000`);
        await page.getByText('There is no such batch.').waitFor();
        await page.goto(`${url}/console/batches?app=2`);
        await page.getByText('This app has no batch.').waitFor();
      });

      it('are accessible and fit, with batches too', async () => {
        const { url, work } = await withQueue();
        const first = await open('/batches', {}, url);
        await submit(first, 'November portraits, second half', 'a.jpg\nb.jpg\nc.jpg\nd.jpg');
        work();
        await first.locator('.badge.batch-done').waitFor();
        await first.context().close();
        const walk = await startWalk(browser, `${url}/console/batches`);
        const { page, look } = walk;
        await signIn(page);
        await page.locator('td a').first().waitFor();
        await look('batches');
        await page.locator('.page-head button').click();
        await page.locator('dialog').waitFor();
        await look('batches-new');
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'detached' });
        await page.locator('td a').first().click();
        await page.locator('.downloads').waitFor();
        await page.locator('tbody tr').first().waitFor();
        await look('batch');
        await page.context().close();
        for (const [name] of LOOKS) expect(walk.result(name).found).toEqual(walk.result(name).well);
        expect(walk.wrong).toEqual([]);
      });
    },
  );
});
