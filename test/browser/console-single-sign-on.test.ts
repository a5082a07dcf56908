import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CLIENT, type LocalProvider, startProvider } from '../support/oidc-provider.ts';
import { findChromium, startChromium } from './support/chromium.ts';
import {
  type ConsoleService,
  keepPicture,
  openConsole,
  setUp,
  signIn,
  startConsoleService,
  violations,
} from './support/console.ts';

const { path, reason } = findChromium();

const LOOKS = [
  ['wide-light-en', { viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en-GB' }],
  ['narrow-dark-zh', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', locale: 'zh-CN' }],
] as const;

describe.skipIf(path === null)(
  `signing in to the console at a provider${reason === null ? '' : ` (${reason})`}`,
  () => {
    let data: string;
    let provider: LocalProvider;
    let console: ConsoleService;
    let browser: Browser;

    beforeAll(async () => {
      for (const level of ['info', 'warn'] as const)
        vi.spyOn(globalThis.console, level).mockImplementation(() => {});
      data = await mkdtemp(join(tmpdir(), 'livestill-console-'));
      provider = await startProvider();
      provider.accounts.set('s-1', { preferred_username: 'grace', groups: ['desk'] });
      provider.accounts.set('s-2', { preferred_username: 'mallory', groups: ['staff'] });
      [console, browser] = await Promise.all([
        startConsoleService(data, {
          LIVESTILL_CONSOLE_OIDC_ISSUER: provider.issuer,
          LIVESTILL_CONSOLE_OIDC_CLIENT_ID: CLIENT.id,
          LIVESTILL_CONSOLE_OIDC_CLIENT_SECRET: CLIENT.secret,
          LIVESTILL_CONSOLE_OIDC_NAME: 'Example ID',
          LIVESTILL_CONSOLE_OIDC_SCOPES: 'openid,profile,groups',
          LIVESTILL_CONSOLE_OIDC_OPERATORS: 'desk',
        }),
        startChromium(path ?? '', { feed: null }),
      ]);
      provider.serve(console.url);
      const page = await setUp(browser, console.setupLink);
      await page.context().close();
    });

    afterAll(async () => {
      vi.restoreAllMocks();
      await browser?.close();
      await console?.service.stop();
      await provider?.stop();
      await rm(data, { recursive: true, force: true });
    });

    const button = 'Sign in with Example ID';

    it('says that a provider is away, and goes on once it is back', async () => {
      provider.person = 's-1';
      provider.isAway = true;
      const { page } = await openConsole(browser, `${console.url}/console/`);
      await page.getByRole('button', { name: button }).click();
      await page.getByText('The sign-in provider does not answer.').waitFor();
      provider.isAway = false;
      const press = async () => {
        const answered = page.waitForResponse((response) => response.url().endsWith('/sign-in/oidc'));
        await page.getByRole('button', { name: button }).click();
        return (await answered).ok();
      };
      // For some seconds the service takes it to be away still.
      await expect.poll(press, { interval: 500 }).toBe(true);
      await page.locator('nav').waitFor();
      await page.context().close();
    });

    it('leads to the page that was asked for, with no code left in the address, and ends at the provider', async () => {
      provider.person = 's-1';
      const { page, wrong } = await openConsole(browser, `${console.url}/console/decisions?verdict=live`);
      await page.getByRole('button', { name: button }).click();
      await page.locator('nav').waitFor();
      expect(page.url()).toBe(`${console.url}/console/decisions?verdict=live`);
      expect(await page.locator('.who').textContent()).toContain('grace');
      expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).toBe('{}');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign out there too' }).click();
      await page.waitForURL(`${console.url}/console/`);
      await page.getByRole('button', { name: button }).waitFor();
      expect(wrong.filter((one) => !one.startsWith(provider.issuer))).toEqual([]);
      await page.context().close();
    });

    it('leads there again for an action that asks who sits there, and back to its page', async () => {
      provider.person = 's-1';
      provider.tamper = ({ payload }) => {
        delete payload.auth_time;
      };
      const { page } = await openConsole(browser, `${console.url}/console/apps`);
      await page.getByRole('button', { name: button }).click();
      await page.locator('nav').waitFor();
      provider.tamper = () => {};
      const make = async () => {
        await page.getByRole('button', { name: 'New app', exact: true }).click();
        await page.locator('dialog[open] input').first().fill('Front desk');
        await page.getByRole('button', { name: 'Make app', exact: true }).click();
      };
      await make();
      await page.getByRole('heading', { name: 'Is it still you?' }).waitFor();
      expect(await violations(page)).toEqual([]);
      // Broken off there: nobody is signed out for that.
      provider.person = null;
      await page.getByRole('button', { name: 'Sign in with 127.0.0.1' }).click();
      await page.getByText('The sign-in at the provider did not work.').waitFor();
      expect(await page.locator('nav').count()).toBe(1);
      provider.person = 's-1';
      await make();
      await page.getByRole('button', { name: 'Sign in with 127.0.0.1' }).click();
      await page.getByText('Confirmed for five minutes: do it once more.').waitFor();
      expect(page.url()).toBe(`${console.url}/console/apps`);
      await make();
      await page.locator('dialog[open] code').first().waitFor();
      await page.context().close();
    });

    it('says why it did not work, and a password still does', async () => {
      const { page } = await openConsole(browser, `${console.url}/console/activity`);
      provider.person = 's-2';
      await page.getByRole('button', { name: button }).click();
      await page.getByText('Your account may not use this console.').waitFor();
      await page.context().clearCookies();
      provider.person = null;
      await page.getByRole('button', { name: button }).click();
      await page.getByText('The sign-in at the provider did not work.').waitFor();
      expect(page.url()).toBe(`${console.url}/console/activity`);
      await page.goto(`${console.url}/console/oidc?code=made-up&state=${'x'.repeat(43)}`);
      await page.getByText('The sign-in at the provider did not work.').waitFor();
      expect(page.url()).toBe(`${console.url}/console/`);
      await signIn(page);
      await page.context().close();
    });

    it.each(LOOKS)('is accessible and fits: %s', async (name, context) => {
      const { page } = await openConsole(browser, `${console.url}/console/`, context);
      await page.locator('.provider button').waitFor();
      await keepPicture(page, `sign-in-provider-${name}`);
      // One line parts the other ways in from the password, however many there are.
      expect(await page.locator('.or:visible').count()).toBe(1);
      expect(await violations(page)).toEqual([]);
      await page.goto(`${console.url}/console/oidc?code=made-up&state=${'x'.repeat(43)}`);
      await page.locator('.provider .problem:not(:empty)').waitFor();
      await keepPicture(page, `sign-in-provider-failed-${name}`);
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });
  },
);
