import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { samplePath } from '../support/pictures.ts';
import { findChromium, startChromium } from './support/chromium.ts';
import {
  type ConsoleService,
  LOOKS,
  openConsole,
  PERSON,
  setUp,
  signIn,
  startConsoleService,
  startWalk,
  testLooks,
  type Walk,
} from './support/console.ts';
import { feedFolder, press, reach } from './support/harness.ts';
import { scene } from './support/scene.ts';

const { path, reason } = findChromium();

describe.skipIf(path === null)(`the console${reason === null ? '' : ` (${reason})`}`, () => {
  let data: string;
  let feeds: Awaited<ReturnType<typeof feedFolder>>;
  let console: ConsoleService;
  let browser: Browser;
  /** The session of somebody who signed in: each sign-in costs the service a hash. */
  let session: BrowserContextOptions['storageState'];

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'livestill-console-'));
    feeds = await feedFolder();
    const feed = await feeds.feed('face', await scene({ face: 0.42 }));
    [console, browser] = await Promise.all([startConsoleService(data), startChromium(path ?? '', { feed })]);
    const page = await setUp(browser, console.setupLink);
    await judge(page, samplePath('T1.jpg'));
    // Not what the pages keep in the browser: each test has its own language.
    session = { cookies: await page.context().cookies(), origins: [] };
    await page.context().close();
  });

  afterAll(async () => {
    await browser?.close();
    await console?.service.stop();
    await feeds?.remove();
    await rm(data, { recursive: true, force: true });
  });

  async function judge(page: Page, file: string): Promise<void> {
    await page.locator('input[type=file]').setInputFiles(file);
    await page.locator('[data-testid=score]').waitFor();
  }

  /** A page that somebody signed in to; what it did wrong is looked at in the end. */
  async function open(path = '/console/', context: BrowserContextOptions = {}) {
    const signedIn = { ...context, ...(session === undefined ? {} : { storageState: session }) };
    const { page, wrong } = await openConsole(browser, `${console.url}${path}`, signedIn);
    onTestFinished(async () => {
      await page.context().close();
      expect(wrong).toEqual([]);
    });
    await page.locator('nav').waitFor({ state: 'attached' });
    return page;
  }

  it('tells who signs in with a wrong password, and the link for the first administrator works once', async () => {
    const { page } = await openConsole(browser, `${console.url}/console/`);
    await page.locator('input[autocomplete=username]').fill(PERSON.name);
    await page.locator('input[type=password]').fill('not this one');
    await page.locator('button[type=submit]').click();
    await page.getByText('Name or password is wrong.').waitFor();
    await page.goto(console.setupLink);
    await page.locator('input[type=password]').nth(1).waitFor();
    for (const field of await page.locator('input[type=password]').all()) await field.fill(PERSON.password);
    await page.locator('button[type=submit]').click();
    await expect.poll(() => page.locator('.problem').textContent()).toMatch(/\S/);
    await page.context().close();
  });

  it('judges a picture, shows why, and how the score reacts to changes', async () => {
    const page = await open();
    await judge(page, samplePath('T1.jpg'));
    expect(await page.locator('.answer .badge').first().textContent()).toBe('Live');
    const kept = await page.evaluate(async () => (await fetch('/admin/v1/decisions?limit=1')).json());
    const score = String((kept as { items: { score: number }[] }).items[0]?.score);
    expect(await page.locator('[data-testid=score]').textContent()).toBe(score);
    expect(Number(score)).toBeGreaterThan(87);
    expect(await page.getByRole('group', { name: 'Quality' }).locator('tbody tr').count()).toBeGreaterThan(5);
    await page.getByRole('slider', { name: 'Blur' }).fill('9');
    await expect.poll(() => page.locator('.reactions li').count()).toBe(2);
    await page.getByRole('button', { name: 'As it was' }).click();
    await expect.poll(() => page.locator('.reactions li').count()).toBe(1);
    await page.locator('.field input[type=number]').fill('100');
    await page.locator('.answer .badge.attack').waitFor();
  });

  it('keeps an answer, its changes and its curve where the language changes, and judges nothing anew', async () => {
    const page = await open();
    const trials: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/admin/v1/try')) trials.push(request.url());
    });
    const choose = (language: string) => page.locator('.looks select').last().selectOption(language);
    await page.locator('.field input[type=number]').fill('100');
    await judge(page, samplePath('T1.jpg'));
    const decision = await page.locator('.answer a').getAttribute('href');
    const reason = page.locator('.reasons li').first();
    const inEnglish = await reason.textContent();
    await page.getByRole('slider', { name: 'Blur' }).fill('9');
    await expect.poll(() => page.locator('.reactions li').count(), { timeout: 60_000 }).toBe(2);
    await page.getByRole('button', { name: 'As it was' }).click();
    await page.locator('.curve button').click();
    const points = page.locator('.curve-drawing g');
    await expect.poll(() => points.count(), { timeout: 60_000 }).toBeGreaterThan(3);
    await choose('zh');
    await expect.poll(() => reason.textContent()).toMatch(/[\u4e00-\u9fff]/);
    // Three lines of the grid, and the eight values.
    await expect.poll(() => points.count(), { timeout: 60_000 }).toBe(11);
    expect(await page.locator('.answer a').getAttribute('href')).toBe(decision);
    await choose('en');
    await expect.poll(() => reason.textContent()).toBe(inEnglish);
    expect(await points.count()).toBe(11);
    expect(trials).toHaveLength(1 + 1 + 8);
  });

  it('judges several stills together, each with its own answer, and says how they agree', async () => {
    const page = await open();
    await page
      .locator('input[type=file]')
      .setInputFiles(Array.from({ length: 6 }, () => samplePath('T1.jpg')));
    await page.getByText('At most five stills are judged together.').waitFor();
    await page.locator('input[type=file]').setInputFiles([samplePath('T1.jpg'), samplePath('T1.jpg')]);
    await page.locator('[data-testid=score]').waitFor();
    expect(await page.locator('.still .badge').count()).toBeGreaterThanOrEqual(2);
    expect(await page.locator('.facts').first().textContent()).toContain('1 and 2');
    expect(await page.locator('pre.code').textContent()).toContain('-F images=@still-1.jpg');
    await page.locator('.still summary').first().click();
    expect(await page.locator('.still').first().locator('tbody tr').count()).toBeGreaterThan(5);
    await page.getByRole('button', { name: 'Another picture' }).click();
    await page.locator('.drop').waitFor();
  });

  it('draws how the score goes with a change, and names the real address in code', async () => {
    const page = await open();
    await judge(page, samplePath('T1.jpg'));
    await page.getByLabel('Change', { exact: true }).selectOption('blur');
    await page.getByRole('button', { name: 'Draw curve' }).click();
    await page.getByRole('button', { name: 'Draw curve' }).waitFor({ timeout: 60_000 });
    expect(await page.locator('.curve-drawing circle').count()).toBeGreaterThan(3);
    const url = `http://127.0.0.1:${console.service.port}`;
    for (const language of ['curl', 'TypeScript', 'Python', 'PHP', 'Signed (legacy)']) {
      await page.getByText(language, { exact: true }).click();
      await expect.poll(() => page.locator('pre.code').textContent()).toContain(`${url}/`);
    }
  });

  it('judges the stills of the camera, and turns the camera off', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.locator('livestill-camera[state]').waitFor();
    await press(page);
    await reach(page, 'live');
    await press(page);
    await page.locator('[data-testid=score]').waitFor();
    expect(await page.locator('.answer .badge').first().textContent()).toBe('Live');
    await expect.poll(() => page.locator('livestill-camera').count()).toBe(0);
  });

  it('says what is wrong with a file that is no picture', async () => {
    const page = await open();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') });
    await page.locator('.failed').waitFor();
    expect(await page.locator('.failed').textContent()).toMatch(/picture/i);
  });

  it('finds a decision by its filters and explains it', async () => {
    const page = await open('/console/decisions?verdict=no_face');
    await page.getByText('No decision matches.').waitFor();
    await page.getByLabel('Verdict').selectOption('live');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator('td a').first().click();
    await page.getByRole('heading', { name: 'Place in the chain' }).waitFor();
    expect(await page.locator('.decision').textContent()).toMatch(/[0-9a-f]{64}/);
    expect(await page.locator('.decision').textContent()).toContain('console');
    await page.goto(`${console.url}/console/decisions/unknown-one`);
    await page.getByText('No decision with this request id is kept.').waitFor();
  });

  it('shows activity, with the numbers as CSV', async () => {
    const page = await open('/console/activity');
    await page.locator('.tile').first().waitFor();
    expect(await page.locator('.tile dd').first().textContent()).toMatch(/^[1-9]/);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).first().click();
    expect((await download).suggestedFilename()).toBe('requests.csv');
    await page.getByLabel('App', { exact: true }).fill('nobody');
    await page.keyboard.press('Enter');
    await page.getByText('No request in this period.').waitFor();
  });

  it("shows activity of a range of one's own, which the address keeps", async () => {
    const page = await open('/console/activity');
    await page.locator('.tile').first().waitFor();
    await page.getByText('Own range').click();
    await expect.poll(() => new URL(page.url()).searchParams.get('period')).toBe('own');
    expect(Date.parse(new URL(page.url()).searchParams.get('from') ?? '')).toBeLessThan(Date.now());
    await page.getByLabel('From').first().waitFor();
    await page.locator('.tile').first().waitFor();
    // It has no end, and goes on to now; one that has ended is not asked for again.
    const live = page.getByLabel('Live');
    expect(await live.isEnabled()).toBe(true);
    const over = 'period=own&from=2026-01-01T00:00:00.000Z&to=2026-02-01T00:00:00.000Z';
    await page.goto(`${console.url}/console/activity?${over}`);
    await page.getByText('No request in this period.').waitFor();
    expect([await live.isEnabled(), await live.isChecked()]).toEqual([false, false]);
    await page.getByText('6 hours').click();
    await page.locator('.tile').first().waitFor();
    expect(new URL(page.url()).searchParams.has('from')).toBe(false);
  });

  it('takes a moment as it is typed, in any language, and says what is none', async () => {
    const page = await open('/console/decisions', { locale: 'zh-CN' });
    const from = page.getByLabel('开始时间', { exact: true });
    expect(await from.getAttribute('placeholder')).toBe('YYYY-MM-DD HH:mm');
    await from.fill('2026-02-30');
    await page.getByRole('button', { name: '搜索' }).click();
    await page.getByText('请按 YYYY-MM-DD HH:mm 填写。').waitFor();
    expect(page.url()).not.toContain('from=');
    await from.fill('2026/1/2 3:04');
    await page.getByRole('button', { name: '搜索' }).click();
    await page.waitForURL(/from=2026-01-0/);
    await expect.poll(() => from.inputValue()).toBe('2026-01-02 03:04');
    await page.getByRole('link', { name: '清除' }).click();
    await expect.poll(() => from.inputValue()).toBe('');
  });

  it('is used by keys alone: past the menu, to the heading of another page, and back', async () => {
    const page = await open('/console/decisions');
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
    await page.locator('table').waitFor();
    await page.goto(`${console.url}/console/decisions`);
    await page.locator('table').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
    await page.locator('td a').first().focus();
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('Decision');
    await page.goBack();
    await expect.poll(focused).toBe('Decisions');
    await page.getByLabel('Request id').fill('nothing has this');
    await page.keyboard.press('Enter');
    await page.getByText('No decision matches.').waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe(
      await page.getByLabel('Request id').getAttribute('id'),
    );
  });

  it('opens a search on demand where the page is narrow, and says how much of it is set', async () => {
    const page = await open('/console/decisions', { viewport: { width: 360, height: 740 } });
    const toggle = page.getByRole('button', { name: 'Search', expanded: false });
    await toggle.click();
    await page.getByLabel('Request id').fill('nothing has this');
    await page.keyboard.press('Enter');
    await page.getByText('No decision matches.').waitFor();
    await expect.poll(() => toggle.textContent()).toContain('1 set');
    await expect.poll(() => page.getByLabel('Request id').isVisible()).toBe(false);
    await expect.poll(() => toggle.evaluate((one) => one === document.activeElement)).toBe(true);
  });

  it('asks to sign in again once the session is over, and goes on there', async () => {
    const page = await open('/console/decisions');
    await page.locator('table').waitFor();
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByLabel('Request id').fill('x');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('Your session has ended.').waitFor();
    await signIn(page);
    await page.getByText('No decision matches.').waitFor();
  });

  it('says that the service went away, and that it is back', async () => {
    const page = await open('/console/activity');
    await page.locator('.tile').first().waitFor();
    await page.context().setOffline(true);
    await page.getByText('6 hours').click();
    await page.getByText('The service does not answer. This page asks').waitFor();
    await page.context().setOffline(false);
    await page.getByText('The service is back.').waitFor();
    await page.locator('.tile').first().waitFor();
  });

  describe('is accessible and fits', () => {
    let walk: Walk;
    beforeAll(async () => {
      walk = await startWalk(browser, `${console.url}/console/`);
      const { page, look } = walk;
      await page.locator('form').waitFor();
      await look('sign-in');
      await signIn(page);
      await page.locator('.drop').waitFor();
      await look('try-empty');
      await judge(page, samplePath('T1.jpg'));
      await page.locator('.picture').waitFor();
      await look('try');
      await page.locator('.curve button').click();
      await page.locator('.curve-drawing circle').nth(4).waitFor();
      await look('try-curve');
      await page.goto(`${console.url}/console/try`);
      await page.locator('input[type=file]').setInputFiles([samplePath('T1.jpg'), samplePath('T1.jpg')]);
      await page.locator('.still .badge').nth(1).waitFor();
      await look('try-stills');
      await walk.visit('/activity');
      await page.locator('.uplot').first().waitFor();
      await look('activity');
      await walk.visit('/decisions');
      await page.locator('td a').first().waitFor();
      await look('decisions');
      await page.locator('td a').first().click();
      await page.locator('.decision').waitFor();
      await look('decision');
      await page.locator('.icon-button').click();
      await page.locator('nav').waitFor();
      await look(
        'menu',
        LOOKS.filter(([, { viewport }]) => viewport.width === 360),
      );
      await page.context().close();
    });

    testLooks(() => walk);
  });
});
