import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findChromium, startChromium } from './support/chromium.ts';
import {
  type ConsoleService,
  openConsole,
  PERSON,
  setUp,
  signIn,
  startConsoleService,
} from './support/console.ts';
import { startConsoleHere } from './support/console-here.ts';

const { path, reason } = findChromium();

describe.skipIf(path === null)(`the console under trouble${reason === null ? '' : ` (${reason})`}`, () => {
  let data: string;
  let console: ConsoleService;
  let browser: Browser;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'livestill-console-'));
    [console, browser] = await Promise.all([
      startConsoleService(data),
      startChromium(path ?? '', { feed: null }),
    ]);
    const page = await setUp(browser, console.setupLink);
    await page.context().close();
  });

  afterAll(async () => {
    await browser?.close();
    await console?.service.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('asks no other host for anything on any of its pages, and runs nothing that its policy forbids', async () => {
    const { page, wrong } = await openConsole(browser, `${console.url}/console/`);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await signIn(page);
    const pages = await page
      .locator('nav a')
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    expect(pages.length).toBeGreaterThan(2);
    for (const href of pages) {
      await page.locator(`nav a[href="${new URL(href).pathname}"]`).click();
      await page.waitForURL(href);
      await page.locator('main h1').waitFor();
      await page.goto(href);
      await page.locator('main h1').waitFor();
    }
    expect(wrong).toEqual([]);
    expect(asked.length).toBeGreaterThan(pages.length);
    expect(asked.filter((url) => !/^(?:blob|data):/.test(url) && !url.startsWith(`${console.url}/`))).toEqual(
      [],
    );
    await page.context().close();
  });

  it('asks to sign in when all sessions were ended in another browser, and returns to the same page', async () => {
    const here = await openConsole(browser, `${console.url}/console/decisions?verdict=live`);
    await signIn(here.page);
    await here.page.getByRole('heading', { name: 'Decisions' }).waitFor();
    const there = await openConsole(browser, `${console.url}/console/`);
    await signIn(there.page);
    const status = await there.page.evaluate(async () => {
      const me = (await (await fetch('/admin/v1/me')).json()) as { csrfToken: string };
      const headers = { 'x-csrf-token': me.csrfToken };
      return (await fetch('/admin/v1/sign-out-everywhere', { method: 'POST', headers })).status;
    });
    expect(status).toBe(204);
    await here.page.getByRole('button', { name: 'Search' }).click();
    await here.page.getByLabel('Request id').fill('x');
    await here.page.getByRole('button', { name: 'Search' }).click();
    await here.page.getByText('Your session has ended. Sign in to go on.').waitFor();
    await signIn(here.page);
    await here.page.getByRole('heading', { name: 'Decisions' }).waitFor();
    const { pathname, searchParams } = new URL(here.page.url());
    expect([pathname, searchParams.get('verdict')]).toEqual(['/console/decisions', 'live']);
    await Promise.all([here.page.context().close(), there.page.context().close()]);
  });

  it.each([
    ['en-GB', /^Too many tries\. Try again in \d+ seconds\.$/],
    ['zh-CN', /^尝试次数过多，请在 \d+ 秒后重试。$/],
  ])('says how long somebody who guessed too often has to wait: %s', async (locale, expected) => {
    // In this thread, where a hash costs little: each guess is a hash.
    const here = await startConsoleHere();
    onTestFinished(() => here.stop());
    await here.addUser(PERSON.name, 'administrator');
    const { page } = await openConsole(browser, `${here.url}/console/`, { locale });
    await page.locator('input[autocomplete=username]').fill(`nobody ${locale}`);
    const problem = page.locator('form .problem').first();
    const guess = async () => {
      await page.locator('input[type=password]').fill('not the password');
      const answered = page.waitForResponse((response) => response.url().endsWith('/sign-in'));
      await page.locator('button[type=submit]').click();
      return (await answered).status();
    };
    for (let i = 0; i < 5; i++) expect(await guess()).toBe(401);
    expect(await guess()).toBe(429);
    await expect.poll(() => problem.textContent()).toMatch(expected);
    await page.context().close();
  });

  it('goes on by itself when the service was stopped and started again', async () => {
    const { page } = await openConsole(browser, `${console.url}/console/activity`);
    await signIn(page);
    await page.getByRole('heading', { name: 'Activity' }).waitFor();
    await console.service.stop();
    await page.getByText('6 hours').click();
    await page.getByText('The service does not answer. This page asks').waitFor();
    const port = ['--admin-port', String(console.service.adminPort)];
    // It is said for a moment, which may be over before the service is ready.
    const back = page.getByText('The service is back.').waitFor();
    [console] = await Promise.all([startConsoleService(data, {}, port), back]);
    await page.getByText('No request in this period.').waitFor();
    expect(await page.locator('nav').count()).toBe(1);
    await page.context().close();
  });
});
