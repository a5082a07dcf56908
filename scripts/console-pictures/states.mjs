// Pictures of what a page of the console looks like at its edges: first start, errors, no permission, long names.
import { join } from 'node:path';
import { addApps, NAMES } from './made-up.mjs';

/** Calls the admin API as who is signed in on this page. */
const asked = (page, method, path, json) =>
  page.evaluate(
    async ([method_, path_, json_]) => {
      const { csrfToken } = await (await fetch('/admin/v1/me')).json();
      const answer = await fetch(`/admin/v1${path_}`, {
        method: method_,
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken },
        ...(json_ === undefined ? {} : { body: JSON.stringify(json_) }),
      });
      return answer.status === 204 ? null : answer.json();
    },
    [method, path, json],
  );

/**
 * More users, a viewer who can sign in, and admin keys: what only a running service makes.
 * @returns the name of the viewer
 */
export async function addPeople(page, person) {
  for (const name of Object.values(NAMES)) await asked(page, 'POST', '/users', { name, role: 'operator' });
  const viewer = 'vera';
  const { link } = await asked(page, 'POST', '/users', { name: viewer, role: 'viewer' });
  const json = { token: decodeURIComponent(new URL(link.url).hash.slice(1)), password: person.password };
  await page.evaluate(async (body) => {
    const headers = { 'content-type': 'application/json' };
    await fetch('/admin/v1/setup', {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      credentials: 'omit',
    });
  }, json);
  for (const [name, role] of [
    ['Nightly report', 'auditor'],
    [NAMES.long, 'operator'],
  ])
    await asked(page, 'POST', '/admin-keys', { name, role, networks: ['10.0.0.0/8', '2001:db8::/32'] });
  await asked(page, 'POST', '/apps/1000001/api-keys', {
    name: NAMES.long,
    scopes: ['judge', 'batch'],
    networks: [],
  });
  return viewer;
}

const LOOKS = [
  ['wide-light-en', { viewport: { width: 1440, height: 900 }, colorScheme: 'light', locale: 'en-GB' }],
  ['narrow-dark-zh', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', locale: 'zh-CN' }],
];

/** The ways in before there is anybody: they are gone once there is. */
export async function takeFirstStart(browser, { url, link }, folder) {
  for (const [look, options] of LOOKS) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    for (const [what, address] of [
      ['state-first-start', link],
      ['state-first-start-no-token', `${url}/console/`],
    ]) {
      await page.goto(address);
      await page.locator('h1').waitFor();
      await page.screenshot({ path: join(folder, `${what}-${look}.png`), fullPage: true });
    }
    await context.close();
  }
}

/**
 * Every state that a walk through the menu does not meet.
 * @param tools how to sign in, and when a page is settled
 */
export async function takeStates(browser, { url, dataDir, viewer, person }, folder, tools) {
  for (const [look, options] of LOOKS) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const take = (what) =>
      page.screenshot({ path: join(folder, `state-${what}-${look}.png`), fullPage: true });
    const visit = async (path) => {
      await page.goto(`${url}/console${path}`);
      await tools.settled(page);
    };
    const press = (selector) => page.locator(selector).first().click();

    await page.goto(`${url}/console/`);
    await page.locator('input[autocomplete=username]').fill(person.name);
    await page.locator('input[type=password]').fill('not the password');
    await press('button[type=submit]');
    await page.locator('.problem:not(:empty)').first().waitFor();
    await take('sign-in-failed');
    await tools.signIn(page, url, person);

    for (const [what, path] of [
      ['no-decision', '/decisions?verdict=live&minScore=1&maxScore=2'],
      ['unknown-decision', '/decisions/no-such-request'],
      ['no-activity', '/activity?app=9'],
      ['no-app', '/apps?text=nothing+like+it'],
      ['unknown-app', '/apps/999'],
      ['no-review', '/review?app=9'],
      ['no-page', '/nowhere'],
      ['long-app', '/apps/1000004'],
      ['right-to-left-app', '/apps/1000005'],
      ['account', '/account'],
    ]) {
      await visit(path);
      await take(what);
    }
    await visit('/decisions');
    if (options.viewport.width < 640) await press('.search-toggle');
    await page.locator('.time-field input').first().fill('tomorrow');
    await press('.search [type=submit]');
    await take('search-wrong');
    for (const [what, path, button] of [
      ['dialog-app', '/apps', '.page-head .button.main'],
      ['dialog-user', '/users', '.page-head .button.main'],
      ['dialog-key', '/admin-keys', '.page-head .button.main'],
      ['dialog-close-app', '/apps/1000001', '.page-head .button.danger'],
      ['dialog-manage', '/users', 'td .button'],
    ]) {
      await visit(path);
      await press(button);
      await page.locator('dialog[open]').waitFor();
      await page.screenshot({ path: join(folder, `state-${what}-${look}.png`) });
    }
    if (options.viewport.width < 640) {
      await visit('/try');
      await press('.bar .icon-button');
      await page.screenshot({ path: join(folder, `state-menu-${look}.png`) });
    }
    // What the service answers is held back, refused, or does not come.
    await page.route('**/admin/v1/decisions?*', () => {});
    await page.goto(`${url}/console/decisions`);
    await page.locator('.spinner').waitFor();
    await take('loading');
    await page.unroute('**/admin/v1/decisions?*');
    await page.route('**/admin/v1/decisions?*', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          status: 503,
          code: 'store_unavailable',
          detail: 'x',
          requestId: crypto.randomUUID(),
        }),
      }),
    );
    await visit('/decisions');
    await take('error');
    await page.unroute('**/admin/v1/decisions?*');
    await visit('/apps');
    await context.setOffline(true);
    await press('nav a[href$="/activity"]').catch(() => {});
    await page.evaluate(() => document.querySelector('nav a[href$="/activity"]').click());
    await page.locator('.banner.bad').waitFor();
    await page.waitForTimeout(500);
    await take('server-gone');
    await context.setOffline(false);
    await page.locator('.banner.bad').waitFor({ state: 'detached' });
    await visit('/decisions');
    await context.clearCookies();
    await page.evaluate(() => document.querySelector('nav a[href$="/apps"]').click());
    await page.locator('.entrance').waitFor();
    await take('session-over');
    await tools.signIn(page, url, { ...person, name: viewer });
    await visit('/users');
    await take('not-allowed');
    await visit('/apps/1000001');
    await take('viewer-app');
    await context.close();
  }
  await takeSettings(browser, { url, person }, folder, tools);
  await addApps(dataDir, 1000);
  for (const [look, options] of LOOKS) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await tools.signIn(page, url, person);
    await page.goto(`${url}/console/apps`);
    await tools.settled(page);
    await page.screenshot({ path: join(folder, `state-many-apps-${look}.png`), fullPage: true });
    await context.close();
  }
}

/** High contrast, and text at twice its size: what the browser or the system asks for. */
async function takeSettings(usual, { url, person }, folder, tools) {
  const viewport = { width: 1280, height: 900 };
  const largeText = await tools.launch(['--blink-settings=defaultFontSize=32']);
  for (const [what, browser, options] of [
    ['forced-colors', usual, { forcedColors: 'active', colorScheme: 'dark' }],
    ['text-200', largeText, {}],
  ]) {
    const context = await browser.newContext({ viewport, locale: 'en-GB', ...options });
    const page = await context.newPage();
    await tools.signIn(page, url, person);
    for (const path of [
      'try',
      'activity',
      'decisions',
      'review',
      'threshold',
      'apps',
      'apps/1000001',
      'users',
      'admin-log',
    ]) {
      await page.goto(`${url}/console/${path}`);
      await tools.settled(page);
      await page.screenshot({ path: join(folder, `state-${what}-${path.replace('/', '-')}.png`) });
    }
    await context.close();
  }
  await largeText.close();
}
