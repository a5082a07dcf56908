// Takes pictures of every page of the console, in both themes and languages, narrow and wide, over made-up data of a service that it starts.
//   npm run -s build && node scripts/console-pictures.mjs FOLDER [--docs] [--states] [--look=WORD]
// With --docs the pictures of the documentation are made as well (docs/console); with --states those of errors, empty and overfull
// pages too; with --look only looks that have this word, as "narrow-dark-zh". Needs Chromium (Debian: chromium).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { makeUpData } from './console-pictures/made-up.mjs';
import { addPeople, takeFirstStart, takeStates } from './console-pictures/states.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const person = { name: 'ada', password: 'seven quiet otters' };
const sizes = { narrow: { width: 360, height: 740 }, wide: { width: 1440, height: 900 } };
/** Starts the service; its admin address, and the link for the first administrator. */
async function startService(dataDir) {
  const args = [
    join(root, 'bin', 'livestill.js'),
    'serve',
    '--data',
    dataDir,
    '--port',
    '0',
    '--admin-port',
    '0',
  ];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LIVESTILL_WORKERS: '1', LIVESTILL_LOG_FORMAT: undefined },
  });
  let text = '';
  const port = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
    child.stdout.on('data', (part) => {
      text += part;
      const found = /"event":"ready"[^\n]*"adminPort":(\d+)|"adminPort":(\d+)[^\n]*"event":"ready"/.exec(
        text,
      );
      if (found !== null) resolve(Number(found[1] ?? found[2]));
    });
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const link = await setupLink(join(dataDir, 'console-setup.txt'));
  const stop = () =>
    new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill('SIGTERM');
    });
  return { url: `http://localhost:${port}`, link, stop };
}

/** Written a moment after the service is ready. */
async function setupLink(file) {
  for (let tries = 0; ; tries += 1) {
    const found = /http\S+#\S+/.exec(await readFile(file, 'utf8').catch(() => ''));
    if (found !== null) return found[0];
    if (tries > 100) throw new Error(`${file} was not written`);
    await sleep(100);
  }
}

async function setUp(browser, link) {
  const page = await browser.newPage();
  await page.goto(link);
  await page.locator('input[autocomplete=username]').fill(person.name);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(person.password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav').waitFor({ state: 'attached' });
  const viewer = await addPeople(page, person);
  await page.context().close();
  return viewer;
}

async function signIn(page, url, who = person) {
  // A session that is over asks for the sign-in where it was.
  if ((await page.locator('.entrance').count()) === 0) await page.goto(`${url}/console/`);
  await page.locator('input[autocomplete=username]').fill(who.name);
  await page.locator('input[type=password]').fill(who.password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav').waitFor({ state: 'attached' });
}

/** Waits until nothing is loading; a page that shows news has a request open all the time. */
async function settled(page) {
  await page.locator('main h1').waitFor();
  await page
    .locator('main .loading, main [aria-busy=true]')
    .waitFor({ state: 'detached' })
    .catch(() => {});
  await page.waitForTimeout(700);
}

async function judge(page) {
  await page.locator('input[type=file]').setInputFiles(join(root, 'test', 'contract', 'vectors', 'T1.jpg'));
  await page.locator('[data-testid=score]').waitFor();
  await page.locator('.picture').waitFor();
}

/** All pages of the menu, as they look with this theme, language and size. */
async function takeAll(browser, url, folder, { theme, locale, size }) {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme: theme, locale });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const name = (what) => join(folder, `${what}-${size}-${theme}-${locale.slice(0, 2)}.png`);
  await page.goto(`${url}/console/`);
  await page.locator('form').waitFor();
  await page.screenshot({ path: name('sign-in'), fullPage: true });
  await signIn(page, url);
  const paths = await page
    .locator('nav a')
    .evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  for (const path of paths) {
    const what = path.replace('/console/', '').replaceAll('/', '-');
    await page.goto(`${url}${path}`);
    await settled(page);
    await page.screenshot({ path: name(what), fullPage: true });
    if (path.endsWith('/try')) {
      await judge(page);
      await page.screenshot({ path: name(`${what}-judged`), fullPage: true });
    }
    // Where a list leads to pages of its own, the first of them.
    const first = page.locator(`main td a[href^="${path}/"]`).first();
    if ((await first.count()) === 0) continue;
    await first.click();
    await settled(page);
    await page.screenshot({ path: name(`${what}-one`), fullPage: true });
  }
  await context.close();
  return paths.length;
}

/** With 256 colours: a page has few, and the package stays small. */
async function keepSmall(page, name) {
  const picture = sharp(await page.screenshot()).png({ palette: true });
  await picture.toFile(join(root, 'docs', 'console', name));
}

/** The pictures that the documentation shows. */
async function takeForDocs(browser, url) {
  const viewport = { width: 1280, height: 800 };
  const context = await browser.newContext({ viewport, colorScheme: 'light', locale: 'en-GB' });
  const page = await context.newPage();
  await signIn(page, url);
  await page.goto(`${url}/console/try`);
  await judge(page);
  await settled(page);
  await page.screenshot({ path: join(root, 'docs', 'console', 'try.jpg'), type: 'jpeg', quality: 82 });
  await page.goto(`${url}/console/activity`);
  await settled(page);
  await page.getByText('24 hours').click();
  await page.locator('.uplot').first().waitFor();
  await settled(page);
  await keepSmall(page, 'activity.png');
  await page.setViewportSize({ width: 1280, height: 1120 });
  await page.goto(`${url}/console/apps/1000001`);
  await settled(page);
  await page.locator('.columns select').first().selectOption({ index: 1 });
  await page.locator('.policy-effect').waitFor();
  await settled(page);
  await keepSmall(page, 'app.png');
  await context.close();
}

/** Milliseconds until the first words are seen, the median of nine browsers that know nothing of the page. */
async function firstPaint(browser, url) {
  const found = [];
  for (let i = 0; i < 9; i += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${url}/console/`);
    await page.locator('form').waitFor();
    const at = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
    found.push(await page.evaluate(at));
    await context.close();
  }
  return found.sort((one, other) => one - other)[4];
}

const given = process.argv.slice(2);
const [folder] = given.filter((one) => !one.startsWith('--'));
const lookWord = given.find((one) => one.startsWith('--look='))?.slice('--look='.length) ?? '';
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
if (folder === undefined || executablePath === undefined) {
  console.error(folder === undefined ? 'expected a folder for the pictures' : 'Chromium is not installed');
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const dataDir = await mkdtemp(join(tmpdir(), 'livestill-pictures-'));
const launch = (more = []) =>
  chromium.launch({ executablePath, args: ['--disable-gpu', '--disable-dev-shm-usage', ...more] });
let service;
let browser;
try {
  await makeUpData(dataDir);
  service = await startService(dataDir);
  browser = await launch();
  const wantsStates = given.includes('--states');
  if (wantsStates) await takeFirstStart(browser, service, folder);
  const viewer = await setUp(browser, service.link);
  if (given.includes('--docs')) await takeForDocs(browser, service.url);
  for (const theme of ['light', 'dark'])
    for (const locale of ['en-GB', 'zh-CN'])
      for (const size of ['wide', 'narrow']) {
        const look = `${size}-${theme}-${locale.slice(0, 2)}`;
        if (!look.includes(lookWord)) continue;
        const pages = await takeAll(browser, service.url, folder, { theme, locale, size });
        console.log(`${look}: ${pages} pages`);
      }
  if (wantsStates) {
    await takeStates(browser, { ...service, dataDir, viewer, person }, folder, { signIn, settled, launch });
    console.log('states taken');
  }
  if (lookWord === '')
    console.log(`first contentful paint: ${Math.round(await firstPaint(browser, service.url))} ms`);
} finally {
  await browser?.close();
  await service?.stop();
  await rm(dataDir, { recursive: true, force: true });
}
