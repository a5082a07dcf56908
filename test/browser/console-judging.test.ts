import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { measuredPoints } from '../../src/evaluation/test-support/measured-points.ts';
import type { LedgerRow } from '../../src/ledger/types.ts';
import { someExplanation, someRow } from '../../src/store/test-support/temp-store.ts';
import { thresholdArea } from '../../src/wire/admin/threshold.ts';
import type { OperatingTable } from '../../src/wire/v1/operating-points.ts';
import { findChromium, startChromium } from './support/chromium.ts';
import { openConsole, PERSON, signIn, startWalk, testLooks, type Walk } from './support/console.ts';
import { type ConsoleHere, startConsoleHere } from './support/console-here.ts';

const { path, reason } = findChromium();
const APPID = '1000001';
const OTHER = '1000002';
const PAIR = { secretId: 'AKIDpair000000001', secretKey: 'a-key-that-nobody-else-has-000001' };

const point = (name: 'balanced' | 'strict' | null, threshold: number, apcer: number, bpcer: number) => ({
  name,
  threshold,
  apcer: { rate: apcer, interval: { low: apcer / 2, high: apcer * 2, method: 'wilson' } },
  bpcer: { rate: bpcer, interval: null },
  qualityGate: true,
});
const PUBLISHED: OperatingTable = {
  profile: 'careful',
  points: [point(null, 70, 0.1, 0.01), point('balanced', 87, 0.04, 0.02), point('strict', 94, 0.02, 0.05)],
  data: { description: 'a published set of pictures', pictures: 1000, sources: 3, held: '', document: '' },
};

function judged(parts: Partial<LedgerRow>, review: boolean, reference: string | null = null): LedgerRow {
  return someRow({
    at: new Date(Date.now() - 3_600_000),
    appid: APPID,
    explanation: someExplanation({ liveProbability: (parts.rawScore ?? 0) / 100, review, reference }),
    ...parts,
  });
}

describe.skipIf(path === null)(
  `review and threshold in the console${reason === null ? '' : ` (${reason})`}`,
  () => {
    let here: ConsoleHere;
    let browser: Browser;

    beforeAll(async () => {
      [here, browser] = await Promise.all([
        startConsoleHere((store) => [
          thresholdArea({
            ledger: store.ledger,
            clock: () => Date.now(),
            tables: [PUBLISHED],
            reviewLimits: { careful: { low: 0.3, high: 0.7 } },
          }),
        ]),
        startChromium(path ?? '', { feed: null }),
      ]);
      await here.addUser(PERSON.name, 'administrator');
      const { accounts, ledger } = here.store;
      await accounts.createApp({ appid: APPID, name: 'Front desk' }, PAIR);
      await accounts.createApp(
        { appid: OTHER, name: 'Nobody yet' },
        { ...PAIR, secretId: 'AKIDpair000000002' },
      );
      for (let score = 0; score <= 100; score += 2) {
        const verdict = score > 87 ? 'live' : 'attack';
        await ledger.append(judged({ requestId: `s${score}`, verdict, rawScore: score }, false));
      }
      await ledger.append(judged({ requestId: 'first', verdict: 'attack', rawScore: 60 }, true));
      await ledger.append(
        judged({ requestId: 'second', verdict: 'live', rawScore: 90 }, true, '<b>case</b> 17'),
      );
      await ledger.append(judged({ requestId: 'third', verdict: 'attack', rawScore: 50 }, true));
    });

    afterAll(async () => {
      await browser?.close();
      await here?.stop();
    });

    /** A page that somebody signed in to; what it did wrong is looked at in the end. */
    async function open(to: string, context: BrowserContextOptions = {}): Promise<Page> {
      const { page, wrong } = await openConsole(browser, `${here.url}/console${to}`, context);
      onTestFinished(async () => {
        await page.context().close();
        expect(wrong).toEqual([]);
      });
      await signIn(page);
      return page;
    }

    it('mark decisions by keys and buttons, and take a mark back', async () => {
      const page = await open('/review');
      const items = page.getByRole('list', { name: 'Decisions for review' }).locator('> li');
      await expect.poll(() => items.count()).toBe(3);
      expect(await items.nth(1).textContent()).toContain('<b>case</b> 17');
      await items.nth(0).focus();
      await page.keyboard.press('j');
      const isFocused = (n: number) => items.nth(n).evaluate((item) => item === document.activeElement);
      await expect.poll(() => isFocused(1)).toBe(true);
      await page.keyboard.press('r');
      await items.nth(1).getByText('Marked right by ada').waitFor();
      await page.keyboard.press('j');
      await expect.poll(() => isFocused(2)).toBe(true);
      await items.nth(2).getByLabel('Note').fill('rw is typed, not done');
      await items.nth(2).getByRole('button', { name: 'Wrong' }).click();
      await items.nth(2).getByText('Marked wrong by ada').waitFor();
      await page.keyboard.press('u');
      await items.nth(2).getByText('Marked wrong by ada').waitFor({ state: 'detached' });
      await page.getByLabel('Show', { exact: true }).selectOption('right');
      await expect.poll(() => items.count()).toBe(1);
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Marked decisions as CSV' }).click();
      const text = await readFile(await (await download).path(), 'utf8');
      expect(text.trimEnd().split('\n')).toHaveLength(2);
      expect(text).toContain('bona-fide');
      await items.nth(0).getByRole('button', { name: 'Take the mark back' }).click();
      await items.nth(0).getByText('Marked right by ada').waitFor({ state: 'detached' });
      // The export has what the list has.
      const day = (n: number) => new Date(Date.now() - n * 86_400_000).toISOString();
      await page.goto(`${here.url}/console/review?state=all&from=${day(1)}&to=${day(0)}`);
      await expect.poll(() => items.count()).toBe(3);
      await page.goto(`${here.url}/console/review?state=all&app=${APPID}&from=${day(3)}&to=${day(2)}`);
      await page.getByText('No decision is like this.').waitFor();
      await page.getByLabel('Show', { exact: true }).selectOption('wrong');
      await expect.poll(() => new URL(page.url()).searchParams.get('state')).toBe('wrong');
      const link = page.getByRole('link', { name: 'Marked decisions as CSV' });
      const { searchParams } = new URL(page.url());
      const [from, to] = [searchParams.get('from') ?? '', searchParams.get('to') ?? ''];
      const asked = async () =>
        new URL((await link.getAttribute('href')) ?? '', here.url).searchParams.toString();
      await expect.poll(asked).toBe(new URLSearchParams({ app: APPID, from, to, state: 'wrong' }).toString());
      expect([from, to]).not.toContain('');
      await page.goto(`${here.url}/console/review?app=${OTHER}`);
      await page.getByText('Nothing is open').waitFor();
    });

    it('say that somebody else marked a decision first', async () => {
      const page = await open('/review');
      const other = await open('/review');
      const third = (one: Page) => one.getByRole('listitem', { name: /third/ });
      await third(other).waitFor();
      await third(page).getByRole('button', { name: 'Right', exact: true }).click();
      await third(page).getByText('Marked right by').waitFor();
      await third(other).getByRole('button', { name: 'Wrong' }).click();
      await third(other).getByText('Somebody else changed this').waitFor();
      await third(page).getByRole('button', { name: 'Take the mark back' }).click();
      await third(page).getByText('Marked right by').waitFor({ state: 'detached' });
    });

    it('try a threshold, and save it for an app once its effect was said', async () => {
      const page = await open('/threshold');
      const slider = page.getByRole('slider', { name: 'Threshold to try' });
      await slider.waitFor();
      expect(await slider.inputValue()).toBe('87');
      await slider.focus();
      for (let press = 0; press < 3; press++) await page.keyboard.press('ArrowRight');
      // 88, 90 and another 90 are live at 87, and not at 90.
      await page.getByText('3 live would have been attacks and 0 attacks would have been live').waitFor();
      await page.getByRole('button', { name: 'Try 94' }).click();
      await expect.poll(() => slider.inputValue()).toBe('94');
      await page.getByText('Try other limits of review too').click();
      await page.getByLabel('For review below (%)').fill('20');
      await page.getByText('The lower limit must be below the upper one').waitFor();
      await page.getByLabel('For review below (%)').fill('95');
      await page.getByText('more would have been for review').waitFor();
      await page.getByRole('button', { name: 'Save for an app…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('App to save it for').fill('9');
      await dialog.getByText('There is no app with this appid.').waitFor();
      await dialog.getByLabel('App to save it for').fill(APPID);
      await dialog.getByText('Front desk: the threshold changes from 87 (of the server) to 94').waitFor();
      await dialog
        .getByText('limits of review change from 30 % – 70 % (of the server) to 30 % – 95 %')
        .waitFor();
      await dialog.getByText('5 live would have been attacks').waitFor();
      await dialog.getByRole('button', { name: 'Save 94' }).click();
      await page.getByText('Saved: Front desk uses 94.').waitFor();
      expect((await here.store.accounts.findApp(APPID))?.policy).toMatchObject({
        threshold: 94,
        review: { low: 0.3, high: 0.95 },
      });
      await page.goto(`${here.url}/console/threshold?app=${OTHER}`);
      await page.getByText('No picture was scored in this period.').first().waitFor();
    });

    it('refuse a wrong file of operating points and say why, take a right one, and remove it', async () => {
      const page = await open('/threshold');
      const choose = (name: string, text: string) =>
        page
          .locator('input[type=file]')
          .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
      await page.locator('input[type=file]').waitFor({ state: 'attached' });
      await choose('points.json', '{');
      await page.getByText('points.json is not JSON').waitFor();
      await choose('other.json', '{"a":1}');
      await page.locator('.problem', { hasText: 'this is some other JSON' }).waitFor();
      await choose('own.json', JSON.stringify(measuredPoints()));
      await page.getByRole('heading', { name: 'Profile Careful, measured here' }).waitFor();
      await page.getByText('our own pictures').first().waitFor();
      await page.getByText('Uploaded by ada').waitFor();
      await page.getByRole('button', { name: 'Remove your own' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Remove your own' }).click();
      await page.getByRole('heading', { name: /measured here/ }).waitFor({ state: 'detached' });
    });

    describe('are accessible and fit', () => {
      let walk: Walk;
      beforeAll(async () => {
        walk = await startWalk(browser, `${here.url}/console/review`);
        const { page, look } = walk;
        await signIn(page);
        await page.locator('.review-item').first().waitFor();
        await look('review');
        await page.goto(`${here.url}/console/review?state=wrong`);
        await page.locator('.state.empty').waitFor();
        await look('review-empty');
        await walk.visit('/threshold');
        await page.locator('.threshold-page table').nth(1).waitFor();
        await look('threshold');
        await page.locator('.threshold-page .button.main').click();
        await page.locator('dialog').waitFor();
        await look('threshold-save');
        await page.context().close();
      });

      testLooks(() => walk);
    });
  },
);
