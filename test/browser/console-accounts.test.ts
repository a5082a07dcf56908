import { Secret, TOTP } from 'otpauth';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, startChromium } from './support/chromium.ts';
import { openConsole, signIn, startWalk, testLooks, violations, type Walk } from './support/console.ts';
import { type ConsoleHere, PASSWORD, startConsoleHere } from './support/console-here.ts';

const { path, reason } = findChromium();

describe.skipIf(path === null)(`accounts in the console${reason === null ? '' : ` (${reason})`}`, () => {
  let here: ConsoleHere;
  let browser: Browser;

  beforeAll(async () => {
    [here, browser] = await Promise.all([startConsoleHere(), startChromium(path ?? '', { feed: null })]);
    await here.addUser('Ann', 'administrator');
    const secret = { secretId: 'AKIDpair00000001', secretKey: 'k'.repeat(32) };
    await here.store.accounts.createApp({ appid: '1000001', name: 'Front desk' }, secret);
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
  const userNamed = async (name: string) => (await here.store.console.findUser({ name }))?.user;

  it('users are invited by a link, changed, disabled and removed', async () => {
    const page = await open('/users');
    await button(page, 'Invite somebody').click();
    await dialog(page).getByLabel('Name').fill('ann');
    await button(page, 'Make link').click();
    await dialog(page).getByText('There is a user of this name already.').waitFor();
    await dialog(page).getByLabel('Name').fill('Bob');
    await dialog(page).getByLabel('Role').selectOption('Viewer');
    await dialog(page).getByText('Reads activity and apps').waitFor();
    await button(page, 'Make link').click();
    const link = await dialog(page).locator('code').textContent();
    await button(page, 'Copy Link').click();
    await button(page, 'I have kept it').click();
    await page.getByText('Invited').waitFor();

    const { page: bob } = await openConsole(browser, link ?? '');
    const fields = bob.locator('input[type=password]');
    await fields.first().fill('short');
    await fields.nth(1).fill('short');
    await bob.locator('button[type=submit]').click();
    await bob.getByText('Use at least 12 characters.').waitFor();
    for (const field of await fields.all()) await field.fill(PASSWORD);
    await bob.locator('button[type=submit]').click();
    await bob.locator('nav').waitFor();
    expect(await bob.locator('nav').textContent()).not.toContain('Users');

    await button(page, 'Manage Bob').click();
    await dialog(page).getByLabel('Role').selectOption('Operator');
    await dialog(page).getByText('All sessions of this user end').waitFor();
    await button(page, 'Save').click();
    await dialog(page).waitFor({ state: 'detached' });
    expect(await userNamed('Bob')).toMatchObject({ role: 'operator', enabled: true });
    await button(page, 'Manage Bob').click();
    await button(page, 'Disable').click();
    await dialog(page).getByText('All sessions end at once').waitFor();
    await button(page, 'Disable').click();
    await page.locator('.badge', { hasText: 'Off' }).waitFor();
    expect((await userNamed('Bob'))?.enabled).toBe(false);
    await button(page, 'Manage Bob').click();
    await button(page, 'Remove').click();
    await button(page, 'Remove').click();
    await expect.poll(() => userNamed('Bob')).toBeUndefined();
    for (const one of [page, bob]) await one.context().close();
  });

  /** As after some minutes: the sessions of a user are no proof any more. */
  async function leaveOpen(name: string): Promise<void> {
    const id = (await userNamed(name))?.id ?? '';
    for (const one of await here.store.console.listSessions(id, new Date()))
      await here.store.console.proveSession(one.id, new Date(0));
  }

  it('a browser that was left open asks who sits there, by the keyboard too, and goes on with what was begun', async () => {
    const page = await open('/users');
    await leaveOpen('Ann');
    await button(page, 'Invite somebody').click();
    await dialog(page).getByLabel('Name').fill('Proven');
    await page.keyboard.press('Enter');
    const asked = dialog(page).last();
    await asked.getByRole('heading', { name: 'Is it still you?' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('password');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog(page).getByText('Nothing was done: confirm first that it is you.').waitFor();
    expect(await dialog(page).count()).toBe(1);
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.closest('dialog') !== null))
      .toBe(true);
    expect(await userNamed('Proven')).toBeUndefined();
    await button(page, 'Make link').click();
    await asked.getByLabel('Password').fill('not the password');
    await page.keyboard.press('Enter');
    await asked.getByText('The password is wrong.').waitFor();
    await asked.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await dialog(page).getByText('A link for Proven').waitFor();
    await button(page, 'Copy Link').click();
    await button(page, 'I have kept it').click();
    await button(page, 'Invite somebody').click();
    await dialog(page).getByLabel('Name').fill('At once');
    await button(page, 'Make link').click();
    await dialog(page).getByText('A link for At once').waitFor();
    await page.context().close();
  });

  it('the question who sits there is accessible and fits on a narrow, dark page in Chinese', async () => {
    const page = await open('/admin-keys', 'Ann', {
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
      locale: 'zh-CN',
    });
    await leaveOpen('Ann');
    await page.locator('main .button.main').first().click();
    await dialog(page).locator('input').first().fill('CI');
    await dialog(page).locator('button[type=submit]').click();
    await dialog(page).getByText('仍是您本人吗？').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it('who is removed or demoted leaves no admin keys, unless they are to stay', async () => {
    const id = await here.addUser('Zelda', 'administrator');
    const key = { role: 'viewer', networks: [], expiresAt: null, digest: 'd', madeBy: id } as const;
    const by = here.store.as({ kind: 'system', name: 'test', from: 'here' });
    for (const n of [1, 2])
      await by.addAdminKey({ ...key, keyId: `lsa_ofeve000000${n}`, name: `of Zelda ${n}` });
    const page = await open('/users');
    const choose = async () => {
      await button(page, 'Manage Zelda').click();
      await dialog(page).getByRole('heading', { name: 'Zelda' }).waitFor();
    };
    await choose();
    await dialog(page).getByLabel('Role').selectOption('Viewer');
    await dialog(page).getByText('Admin keys that this user made, and that are removed too: 2.').waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog(page).getByLabel('Leave these admin keys as they are').check();
    await button(page, 'Save').click();
    await expect.poll(async () => (await userNamed('Zelda'))?.role).toBe('viewer');
    const left = async () =>
      (await here.store.console.listAdminKeys()).filter(({ madeBy }) => madeBy === id).length;
    expect(await left()).toBe(2);
    await page.locator('dialog').waitFor({ state: 'detached' });
    await choose();
    await button(page, 'Remove').click();
    await dialog(page).getByText('removed too: 2.').waitFor();
    await button(page, 'Remove').click();
    await expect.poll(async () => userNamed('Zelda')).toBeUndefined();
    expect(await left()).toBe(0);
    await page.context().close();
  });

  it('the last administrator cannot be disabled, and is told so', async () => {
    const page = await open('/users');
    await button(page, 'Manage Ann').click();
    await button(page, 'Disable').click();
    await dialog(page).getByText('That is you').waitFor();
    await button(page, 'Disable').click();
    await dialog(page).getByText('This is the last administrator who can sign in.').waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).getByLabel('Role').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Manage Ann');
    await page.context().close();
  });

  it('codes are set up from a QR code, asked for at the next sign-in, and taken by an administrator', async () => {
    await here.addUser('Cid', 'operator');
    const page = await open('/account', 'Cid');
    await button(page, 'Set up codes').click();
    await dialog(page).getByLabel('Current password').fill('wrong');
    await button(page, 'Next').click();
    await dialog(page).getByText('The password is wrong.').waitFor();
    await dialog(page).getByLabel('Current password').fill(PASSWORD);
    await button(page, 'Next').click();
    await dialog(page).getByRole('img').waitFor();
    const secret = await dialog(page).locator('code').textContent();
    const totp = new TOTP({ secret: Secret.fromBase32(secret ?? '') });
    await dialog(page).getByLabel('Code that the app shows').fill('000000');
    await button(page, 'Switch on').click();
    await dialog(page).getByText('That code is wrong').waitFor();
    await dialog(page).getByLabel('Code that the app shows').fill(totp.generate());
    await button(page, 'Switch on').click();
    await page.getByText('A code is asked for with your password.').waitFor();

    await button(page, 'Sign out').click();
    await page.locator('input[autocomplete=username]').fill('Cid');
    await page.locator('input[type=password]').fill(PASSWORD);
    await page.locator('button[type=submit]').click();
    await page
      .getByLabel('Code of your authenticator')
      .fill(totp.generate({ timestamp: Date.now() + 30_000 }));
    await page.locator('button[type=submit]').click();
    await page.locator('nav').waitFor();

    const ann = await open('/users');
    await button(ann, 'Manage Cid').click();
    await button(ann, 'Reset second factor').click();
    await button(ann, 'Reset second factor').click();
    await expect.poll(async () => (await userNamed('Cid'))?.totp).toBe(false);
    for (const one of [page, ann]) await one.context().close();
  });

  it('passkeys are added, renamed, sign in without a password, and are removed', async () => {
    await here.addUser('Dee', 'operator');
    const page = await open('/account', 'Dee');
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.getByText('You have no passkey.').waitFor();
    const add = async (name: string) => {
      await button(page, 'Add a passkey').click();
      await dialog(page).getByLabel('Name').fill(name);
      await dialog(page).getByLabel('Current password').fill(PASSWORD);
      await button(page, 'Next').click();
    };
    await add('laptop');
    await page.getByRole('cell', { name: 'laptop', exact: true }).waitFor();
    await add('again');
    await dialog(page).getByText('This device has a passkey for you already.').waitFor();
    await button(page, 'Cancel').click();
    await button(page, 'Rename laptop').click();
    await dialog(page).getByLabel('Name').fill('desk');
    await button(page, 'Save').click();
    await page.getByRole('cell', { name: 'desk', exact: true }).waitFor();

    await button(page, 'Sign out').click();
    await button(page, 'Sign in with a passkey').click();
    await page.locator('nav').waitFor();
    expect(await page.locator('.who').textContent()).toContain('Dee');
    await button(page, 'Remove desk').click();
    await dialog(page).getByLabel('Current password').fill(PASSWORD);
    await button(page, 'Remove').click();
    await page.getByText('You have no passkey.').waitFor();
    await button(page, 'Sign out').click();
    await button(page, 'Sign in with a passkey').click();
    await page.getByText('This passkey is not known here.').waitFor();
    await page.context().close();
  });

  it('the password is changed, and sessions end one by one or all together', async () => {
    await here.addUser('Eve', 'viewer');
    const [page, other] = [await open('/account', 'Eve'), await open('/account', 'Eve')];
    await button(other, 'End 127.0.0.1').click();
    await expect.poll(() => other.getByText('this one').count()).toBe(1);
    await expect.poll(() => button(other, 'End 127.0.0.1').count()).toBe(0);
    const fields = other.locator('main input[type=password]');
    for (const [index, text] of [PASSWORD, 'nine quiet otters', 'ten quiet otters'].entries())
      await fields.nth(index).fill(text);
    await button(other, 'Change password').click();
    await other.getByText('The two passwords differ.').waitFor();
    await fields.nth(2).fill('nine quiet otters');
    await button(other, 'Change password').click();
    await other.getByText('Your password was changed.').waitFor();
    await page.reload();
    await signIn(page, { name: 'Eve', password: 'nine quiet otters' });
    await button(other, 'Sign out everywhere').click();
    await dialog(other).getByRole('button', { name: 'Sign out everywhere' }).click();
    await other.locator('input[autocomplete=username]').waitFor();
    // Another request that finds no session any more may show the sign-in before the answer that takes the cookie is here.
    await expect.poll(() => other.context().cookies()).toEqual([]);
    await page.reload();
    await page.locator('input[autocomplete=username]').waitFor();
    for (const one of [page, other]) await one.context().close();
  });

  it('admin keys are shown once, work, and work no more once they are removed', async () => {
    const page = await open('/admin-keys');
    await page.getByText('There is no admin key.').waitFor();
    await button(page, 'New admin key').click();
    await dialog(page).getByLabel('Name').fill('nightly report');
    await dialog(page).getByLabel('Networks').fill('127.0.0.0/8');
    await button(page, 'Make key').click();
    const key = (await dialog(page).locator('code').textContent()) ?? '';
    await button(page, 'Copy Admin key').click();
    await button(page, 'I have kept it').click();
    const status = async () =>
      (await fetch(`${here.url}/admin/v1/apps`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await status()).toBe(200);
    await button(page, 'Remove nightly report').click();
    await button(page, 'Remove').click();
    await page.getByText('The key was removed.').waitFor();
    expect(await status()).toBe(401);
    await button(page, 'Replace the master key').click();
    await dialog(page).getByRole('button', { name: 'Replace the master key' }).click();
    await page.getByText(/SecretKeys are encrypted under the master key/).waitFor();
    expect((await here.store.accounts.findSecret('AKIDpair00000001'))?.secretKey).toBe('k'.repeat(32));
    await page.context().close();
  });

  it('the log of changes says who changed what, before and after, to auditors', async () => {
    await here.addUser('Aud', 'auditor');
    await here.store
      .as({ kind: 'console', name: 'Ann', from: '192.0.2.7' })
      .changeApp('1000001', { name: 'Reception' }, null);
    const page = await open('/admin-log', 'Aud');
    await page.getByLabel('appid, key or id').fill('1000001');
    await page.getByLabel('Who').fill('Ann');
    await page.getByLabel('Action').selectOption('Apps');
    await button(page, 'Search').click();
    const entry = page.locator('.log > li').first();
    await entry.getByText('renamed the app').waitFor();
    await expect.poll(() => page.locator('.log > li').count()).toBe(1);
    expect(await entry.locator('del').textContent()).toContain('Front desk');
    expect(await entry.locator('ins').textContent()).toContain('Reception');
    expect(await entry.textContent()).toContain('192.0.2.7');
    await entry.locator('summary').click();
    const [kept] = await here.store.chains.adminLog(1, { target: '1000001' });
    expect(await entry.locator('details code').textContent()).toBe(kept?.hash);
    await page.getByLabel('Who').fill('Nobody');
    await button(page, 'Search').click();
    await page.getByText('No change matches.').waitFor();
    await page.goto(`${here.url}/console/users`);
    await page.getByText('Your role does not include this page.').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.title()).toBe('No access to this page · livestill');
    await page.context().close();
  });

  describe('are accessible and fit', () => {
    let walk: Walk;
    beforeAll(async () => {
      await here.addUser('Zoe', 'administrator');
      await here.invite('Ivo', 'operator');
      const admin = here.store.as({ kind: 'console', name: 'Zoe', from: '2001:db8::7' });
      await admin.changeApp(
        '1000001',
        { limits: { daily: 5, concurrent: 2 }, rules: { minFaceWidth: 90 } },
        null,
      );
      walk = await startWalk(browser, `${here.url}/console/users`);
      const { page, look } = walk;
      const visit = async (to: string, ready: string) => {
        await walk.visit(to);
        await page.locator(ready).first().waitFor();
      };
      await page.locator('.other-way').waitFor();
      await look('entrance');
      await signIn(page, { name: 'Zoe', password: PASSWORD });
      await page.locator('table').waitFor();
      await look('users');
      await page.locator('td button').last().click();
      await page.locator('dialog').waitFor();
      await look('user');
      await visit('/admin-keys', '.state.empty');
      await page.locator('.page-head button').click();
      await page.locator('dialog').waitFor();
      await look('admin-key-new');
      await visit('/admin-log', '.log > li');
      await look('admin-log');
      // The last look is Chinese.
      const names = await page.locator('.differences li > .dim').allTextContents();
      expect(names.length).toBeGreaterThan(3);
      expect(
        names.filter((one) => !/[\u4e00-\u9fff]/.test(one) && !/^(?:appid|SecretId)$/.test(one)),
      ).toEqual([]);
      await visit('/nowhere', '.state.empty');
      await look('no-page');
      await visit('/account', 'table');
      await look('account');
      await page.locator('.columns .card .actions button').first().click();
      await page.locator('dialog input').fill(PASSWORD);
      await page.locator('dialog button[type=submit]').click();
      await page.locator('.qr-code').waitFor();
      await look('codes');
      await page.context().close();
    });

    testLooks(() => walk);
  });

  it('a long log is read page by page', async () => {
    const by = here.store.as({ kind: 'system', name: 'script', from: 'here' });
    for (let n = 0; n < 60; n++) await by.setLimits('1000001', { daily: n + 1 });
    const page = await open('/admin-log?actor=script');
    await expect.poll(() => page.locator('.log > li').count()).toBe(50);
    await button(page, 'Show more').click();
    await expect.poll(() => page.locator('.log > li').count()).toBe(60);
    expect(await button(page, 'Show more').count()).toBe(0);
    await page.context().close();
  });
});
