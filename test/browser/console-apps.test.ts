import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { someRow } from '../../src/store/test-support/temp-store.ts';
import { findChromium, startChromium } from './support/chromium.ts';
import { keepPicture, openConsole, signIn, startWalk, testLooks, type Walk } from './support/console.ts';
import { type ConsoleHere, PASSWORD, startConsoleHere } from './support/console-here.ts';

const { path, reason } = findChromium();

describe.skipIf(path === null)(`apps and keys in the console${reason === null ? '' : ` (${reason})`}`, () => {
  let here: ConsoleHere;
  let browser: Browser;

  beforeAll(async () => {
    [here, browser] = await Promise.all([startConsoleHere(), startChromium(path ?? '', { feed: null })]);
    await here.addUser('Ann', 'administrator');
    await here.addUser('Bob', 'operator');
    await here.addUser('Vic', 'viewer');
    const { store } = here;
    const names = ['Front desk', '自助终端', 'Back office'];
    for (const [index, name] of names.entries()) {
      const appid = `100000${index + 1}`;
      const secret = { secretId: `AKIDpair0000000${index + 1}`, secretKey: 'k'.repeat(32) };
      await store.accounts.createApp({ appid, name, limits: { daily: 50_000 } }, secret);
    }
    await store.accounts.setAppState('1000003', 'suspended');
    for (let n = 0; n < 12; n++) {
      const at = new Date(Date.now() - (n + 1) * 60_000);
      const row = { at, appid: '1000001', secretId: 'AKIDpair00000001', rawScore: 80 + n, reasons: [] };
      await store.ledger.append(someRow(row));
    }
  });

  afterAll(async () => {
    await browser?.close();
    await here?.stop();
  });

  async function open(to: string, name = 'Ann', context: BrowserContextOptions = {}): Promise<Page> {
    const { page } = await openConsole(browser, `${here.url}/console${to}`, context);
    await signIn(page, { name, password: PASSWORD });
    return page;
  }

  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const dialog = (page: Page) => page.locator('dialog[open]');

  it('are made, shown once, and rotated with an overlap', async () => {
    const page = await open('/apps');
    await button(page, 'New app').click();
    await dialog(page).getByLabel('Name').fill('Kiosk');
    await button(page, 'Make app').dblclick();
    await page.getByText('Kiosk was made').waitFor();
    const [appid = '', secretId = '', secretKey = ''] = await dialog(page).locator('code').allTextContents();
    expect((await here.store.accounts.findSecret(secretId))?.secretKey).toBe(secretKey);
    expect(await here.store.accounts.listApps(9, undefined, { text: 'Kiosk' })).toHaveLength(1);
    await page.keyboard.press('Escape');
    await page.getByText('This is not shown again.').waitFor();
    await button(page, 'Close all the same').click();
    await page.getByRole('heading', { name: 'Kiosk' }).waitFor();
    expect(page.url()).toBe(`${here.url}/console/apps/${appid}`);
    expect(await page.content()).not.toContain(secretKey);

    await button(page, `Rotate ${secretId}`).click();
    await dialog(page).getByText('0 calls in the last hour used it.').waitFor();
    await dialog(page).getByLabel('The old one goes on working for').selectOption('7 days');
    await button(page, 'Rotate').click();
    await dialog(page).getByText(`${secretId} works until`).waitFor();
    await button(page, 'I have kept it').click();
    await button(page, 'Close all the same').click();
    const pairs = await here.store.accounts.listSecrets(appid);
    const days = (Number(pairs[0]?.expiresAt) - Date.now()) / 86_400_000;
    expect([pairs.length, Math.round(days)]).toEqual([2, 7]);

    await button(page, 'New API key').click();
    await dialog(page).getByLabel('Name').fill('till');
    await dialog(page).getByLabel('Networks').fill('nowhere');
    await button(page, 'Make key').click();
    await dialog(page).getByText('This network cannot be used').waitFor();
    await dialog(page).getByLabel('Networks').fill('10.0.0.0/8');
    await button(page, 'Make key').click();
    await dialog(page)
      .getByText(/^lsk_\w{44}$/)
      .waitFor();
    await button(page, 'Copy API key').click();
    await button(page, 'I have kept it').click();
    await page.getByText('10.0.0.0/8').waitFor();
    await page.context().close();
  });

  it('ask before a key is switched off, and say how much it is used', async () => {
    const page = await open('/apps/1000001');
    await button(page, 'Switch off AKIDpair00000001').click();
    await dialog(page).getByText('12 calls in the last hour used it.').waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await expect.poll(focused).toContain('AKIDpair00000001');
    await button(page, 'Switch off AKIDpair00000001').click();
    await button(page, 'Switch off').click();
    await page.getByText('The key is off.').waitFor();
    expect((await here.store.accounts.findSecret('AKIDpair00000001'))?.enabled).toBe(false);
    await button(page, 'Switch on AKIDpair00000001').click();
    await button(page, 'Switch on').click();
    await page.getByText('The key is on.').waitFor();
    await page.context().close();
  });

  it('have a policy whose effect is told in numbers before it is saved', async () => {
    const page = await open('/apps/1000001', 'Bob');
    await page.getByLabel('Threshold').selectOption('a number of its own');
    await page.getByLabel('Live above').fill('89');
    await page.getByLabel('For review').selectOption('limits of its own');
    await page.getByLabel('For review up to (%)').fill('92.5');
    await page.getByText('Of 12 pictures with a score, 2 more would have been refused').waitFor();
    await button(page, 'Save policy').click();
    await dialog(page).getByText('2 more would have been refused (16.7 %)').waitFor();
    await dialog(page).getByRole('button', { name: 'Save policy' }).click();
    await page.getByText('Saved.').waitFor();
    expect((await here.store.accounts.findApp('1000001'))?.policy.threshold).toBe(89);
    expect((await here.store.accounts.findApp('1000001'))?.policy.review).toEqual({ low: 0.2, high: 0.925 });
    const [entry] = await here.store.chains.adminLog(1, { action: 'app.policy' });
    expect(entry?.actor).toMatchObject({ kind: 'console', name: 'Bob' });
    await page.getByLabel('Threshold').selectOption('as the server (87)');
    await button(page, 'Discard').click();
    await expect.poll(() => page.getByLabel('Live above').inputValue()).toBe('89');
    await page.context().close();
  });

  it('tell the second of two operators what the first one changed, and let the second go on', async () => {
    const [ann, bob] = [await open('/apps/1000002', 'Ann'), await open('/apps/1000002', 'Bob')];
    const daily = (page: Page) => page.getByLabel('Requests a day');
    await daily(bob).fill('200');
    await daily(ann).fill('100');
    await button(ann, 'Save limits').click();
    await ann.getByText('Saved.').waitFor();

    await button(bob, 'Save limits').click();
    await bob.getByText('Somebody else changed this in the meantime.').waitFor();
    expect(await bob.locator('.differences').textContent()).toMatch(/Requests a day.*50000.*100/);
    expect((await here.store.accounts.findApp('1000002'))?.limits.daily).toBe(100);
    await button(bob, 'Go on with mine').click();
    expect(await daily(bob).inputValue()).toBe('200');
    await button(bob, 'Save limits').click();
    await bob.getByText('Saved.').waitFor();
    expect((await here.store.accounts.findApp('1000002'))?.limits.daily).toBe(200);

    await button(ann, 'Edit').click();
    await dialog(ann).getByLabel('Name').fill('Terminal');
    await button(ann, 'Save').click();
    await ann.getByText('Somebody else changed this in the meantime.').waitFor();
    await button(ann, 'Take theirs').click();
    expect(await dialog(ann).getByLabel('Name').inputValue()).toBe('自助终端');
    for (const page of [ann, bob]) await page.context().close();
  });

  it('are suspended, and closed only by who types their appid', async () => {
    const page = await open('/apps/1000003');
    await button(page, 'Resume').click();
    await dialog(page).getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Active').waitFor();
    await button(page, 'Close for good').click();
    const sure = dialog(page).getByRole('button', { name: 'Close for good' });
    expect(await sure.isDisabled()).toBe(true);
    await dialog(page).getByLabel('Type 1000003 to go on').fill('1000003');
    await sure.click();
    await page.locator('.badge', { hasText: 'Closed' }).waitFor();
    expect((await here.store.accounts.findApp('1000003'))?.state).toBe('closed');
    expect(await page.getByLabel('Requests a day').count()).toBe(0);
    await page.context().close();
  });

  it('say what is wrong with what was filled in', async () => {
    const page = await open('/apps');
    await button(page, 'New app').click();
    await dialog(page).getByLabel('Name').fill('Twice');
    await dialog(page).getByText('It exists in the old service').click();
    await dialog(page).getByLabel('appid').fill('1000001');
    await button(page, 'Make app').click();
    await dialog(page).getByText('There is an app with this appid already.').waitFor();
    await dialog(page).getByLabel('appid').fill('');
    await dialog(page).getByLabel('SecretId').fill('AKIDalone00000001');
    await button(page, 'Make app').click();
    await dialog(page).getByText('Give SecretId and SecretKey together.').waitFor();
    await page.goto(`${here.url}/console/apps/77`);
    await page.getByText('There is no app 77.').waitFor();
    await page.goto(`${here.url}/console/apps/1000001`);
    await page.getByLabel('Requests at once').fill('many');
    await button(page, 'Save limits').click();
    await page.getByText('"many" is not a number.').waitFor();
    await page.context().close();
  });

  it('are searched, and found again once the service is back', async () => {
    const page = await open('/apps');
    await page.getByLabel('Name or appid').fill('nobody');
    await page.getByText('No app matches.').waitFor();
    await page.getByLabel('Name or appid').fill('front');
    await page.getByRole('link', { name: 'Front desk' }).waitFor();
    expect(new URL(page.url()).search).toBe('?text=front');
    await page.route(`${here.url}/**`, (route) => route.abort('connectionrefused'));
    await page.getByLabel('Name or appid').fill('1000');
    await page.getByText('The service does not answer. This page asks').waitFor();
    await page.unroute(`${here.url}/**`);
    await page.getByText('The service is back.').waitFor();
    await page.getByRole('link', { name: 'Back office' }).waitFor();
    await page.context().close();
  });

  it('are found again where an answer broke off', async () => {
    const page = await open('/apps');
    await page.getByRole('link', { name: 'Back office' }).waitFor();
    await page.evaluate(() => {
      const ask = window.fetch;
      window.fetch = async (...given) => {
        window.fetch = ask;
        const { status } = await ask(...given);
        const start = (answer: ReadableStreamDefaultController) => {
          answer.enqueue(new TextEncoder().encode('{"items":'));
          answer.error(new TypeError('network error'));
        };
        return new Response(new ReadableStream({ start }), { status });
      };
    });
    await page.getByLabel('Name or appid').fill('front');
    await page.getByText('The service is back.').waitFor();
    await page.getByRole('link', { name: 'Back office' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('link', { name: 'Front desk' }).count()).toBe(1);
    await page.context().close();
  });

  it('are only shown to viewers, without their keys', async () => {
    const page = await open('/apps/1000001', 'Vic');
    await page.getByRole('heading', { name: 'Limits' }).waitFor();
    await page.getByText('as the server (careful)').waitFor();
    expect(await page.locator('main button:not(:has-text("Copy"))').count()).toBe(0);
    expect(await page.getByRole('heading', { name: 'API keys' }).count()).toBe(0);
    await page.context().close();
  });

  it('fit at every width, however long their names and keys are', async () => {
    const appid = '100000123456789';
    const name = 'A long name that nobody thought of when tables were made. '.repeat(2).slice(0, 100);
    const pair = { secretId: `AKID${'x'.repeat(60)}`, secretKey: 'k'.repeat(32) };
    await here.store.accounts.createApp({ appid, name, buckets: ['b'.repeat(64)] }, pair);
    const networks = ['10.0.0.0/8', '2001:db8:1234::/48'];
    const key = { keyId: 'lsk_abcdefghijkl', digest: 'd1', name, networks, expiresAt: null };
    await here.store.apiKeys.addApiKey(appid, {
      ...key,
      scopes: ['judge', 'read:operating-points', 'batch'],
    });
    const page = await open(`/apps/${appid}`);
    await page.locator('table.cards').nth(1).waitFor();
    for (const width of [360, 480, 640, 700, 833, 900, 1100, 1280, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect([width, beyond]).toEqual([width, 0]);
    }
    await page.setViewportSize({ width: 700, height: 900 });
    await keepPicture(page, 'app-700');
    await page.setViewportSize({ width: 1600, height: 900 });
    await keepPicture(page, 'app-1600');
    await page.context().close();
  });

  describe('are accessible and fit', () => {
    let walk: Walk;
    beforeAll(async () => {
      walk = await startWalk(browser, `${here.url}/console/apps`);
      const { page, look } = walk;
      await signIn(page, { name: 'Ann', password: PASSWORD });
      await page.locator('td a').first().waitFor();
      await look('apps');
      await page.locator('.page-head button').click();
      await page.locator('dialog').waitFor();
      await page.locator('dialog summary').click();
      await look('apps-new');
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
      await walk.visit('/apps/1000001');
      await page.locator('table.cards').first().waitFor();
      await page.locator('main select').first().selectOption('own');
      await page.locator('main input[type=number]').first().fill('91');
      await page.locator('.policy-effect table').waitFor();
      await look('app');
      await page
        .locator('.row-deeds .button')
        .filter({ hasText: /Rotate|轮换/ })
        .first()
        .click();
      await page.locator('dialog').waitFor();
      await look('app-rotate');
      await page.context().close();
    });

    testLooks(() => walk);
  });
});
