import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { someRow } from '../../src/store/test-support/temp-store.ts';
import { findChromium, startChromium } from './support/chromium.ts';
import { keepPicture, LOOKS, openConsole, signIn, violations } from './support/console.ts';
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

  it.each(LOOKS)('are accessible and fit: %s', async (name, context) => {
    const { page, wrong } = await openConsole(browser, `${here.url}/console/apps`, context);
    await signIn(page, { name: 'Ann', password: PASSWORD });
    const found: Record<string, string[]> = {};
    const look = async (what: string) => {
      found[what] = await violations(page);
      await keepPicture(page, `${what}-${name}`);
    };
    await page.locator('td a').first().waitFor();
    await look('apps');
    await page.locator('.page-head button').click();
    await page.locator('dialog').waitFor();
    await page.locator('dialog summary').click();
    await look('apps-new');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.goto(`${here.url}/console/apps/1000001`);
    await page.locator('.columns table').first().waitFor();
    await page.locator('select').first().selectOption('own');
    await page.locator('input[type=number]').first().fill('92');
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
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((what) => [what, []])));
    expect(wrong).toEqual([]);
  });
});
