// Takes pictures of every page of the console, in both themes and languages, narrow and wide, over made-up data of a service that it starts.
//   npm run -s build && node scripts/console-pictures.mjs FOLDER [--docs]
// With --docs the pictures of the documentation are made as well (docs/console). Needs Chromium (Debian: chromium).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const person = { name: 'ada', password: 'seven quiet otters' };
const sizes = { narrow: { width: 360, height: 740 }, wide: { width: 1440, height: 900 } };
const MOST_ROWS = 6000;

/** Numbers between 0 and 1, the same at each run. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** A row as a day of traffic has it: mostly live, some attacks, some pictures that cannot be judged. */
function someRow(at, random) {
  const lot = random();
  const verdict = lot < 0.86 ? 'live' : lot < 0.93 ? 'attack' : lot < 0.985 ? 'poor_quality' : 'no_face';
  const rawScore =
    verdict === 'live' ? 88 + 12 * random() ** 0.3 : verdict === 'attack' ? 60 * random() ** 2 : null;
  const reasons = {
    live: [],
    attack: ['ATTACK_SUSPECTED'],
    poor_quality: [random() < 0.5 ? 'BLURRED' : 'FACE_SMALL'],
    no_face: ['NO_FACE'],
  };
  const code = { live: 0, attack: 0, poor_quality: 0, no_face: -1101 };
  return {
    kind: 'judged',
    requests: 1,
    at,
    requestId: crypto.randomUUID(),
    appid: String(1_000_001 + Math.floor(random() * 3)),
    secretId: 'AKIDexample00001',
    source: 'bytes',
    pictureBytes: Math.round(80_000 + 300_000 * random()),
    pictureSha256: Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join(''),
    code: code[verdict],
    verdict,
    score: rawScore === null ? null : Math.round(rawScore),
    rawScore,
    reasons: reasons[verdict],
    models: { detector: 'cd'.repeat(32), first: 'ef'.repeat(32), second: '01'.repeat(32) },
    milliseconds: 60 + 90 * random() ** 4,
    callerAddress: `192.0.2.${1 + Math.floor(random() * 40)}`,
    explanation: null,
  };
}

/** Three apps and a day of traffic, fuller at noon. */
async function makeUpData(dataDir) {
  const { openStore } = await import('../dist/store/open.js');
  const store = await openStore({ dataDir });
  const random = numbers(7);
  try {
    for (const [i, name] of ['Account opening', 'Attendance', 'Door entry'].entries()) {
      const pair = { secretId: `AKIDexample0000${i + 1}`, secretKey: `made-up-${crypto.randomUUID()}` };
      await store.accounts.createApp({ appid: String(1_000_001 + i), name }, pair);
    }
    const now = Date.now();
    const day = 86_400_000;
    for (let i = 0; i < MOST_ROWS; i += 1) {
      const at = new Date(now - day + (i / MOST_ROWS) * day);
      const isBusy = random() < 0.35 + 0.65 * Math.sin((Math.PI * i) / MOST_ROWS);
      if (isBusy) await store.ledger.append(someRow(at, random));
    }
  } finally {
    await store.close();
  }
}

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
  await page.close();
}

async function signIn(page, url) {
  await page.goto(`${url}/console/`);
  await page.locator('input[autocomplete=username]').fill(person.name);
  await page.locator('input[type=password]').fill(person.password);
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

/** The two pictures that the documentation shows. */
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
  await page.screenshot({ path: join(root, 'docs', 'console', 'activity.png') });
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

const [folder] = process.argv.slice(2).filter((one) => !one.startsWith('--'));
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
if (folder === undefined || executablePath === undefined) {
  console.error(folder === undefined ? 'expected a folder for the pictures' : 'Chromium is not installed');
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const dataDir = await mkdtemp(join(tmpdir(), 'livestill-pictures-'));
let service;
let browser;
try {
  await makeUpData(dataDir);
  service = await startService(dataDir);
  browser = await chromium.launch({ executablePath, args: ['--disable-gpu', '--disable-dev-shm-usage'] });
  await setUp(browser, service.link);
  console.log(`first contentful paint: ${Math.round(await firstPaint(browser, service.url))} ms`);
  if (process.argv.includes('--docs')) await takeForDocs(browser, service.url);
  for (const theme of ['light', 'dark'])
    for (const locale of ['en-GB', 'zh-CN'])
      for (const size of ['wide', 'narrow']) {
        const pages = await takeAll(browser, service.url, folder, { theme, locale, size });
        console.log(`${theme}, ${locale}, ${size}: ${pages} pages`);
      }
} finally {
  await browser?.close();
  await service?.stop();
  await rm(dataDir, { recursive: true, force: true });
}
