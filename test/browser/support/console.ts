import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type ServiceProcess, serve } from '../../contract/support/process.ts';
import { PATIENCE } from './chromium.ts';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Set to a folder, each page is kept there as a picture to be looked at. */
const gallery = process.env.LIVESTILL_SCREENSHOTS;

/** Who the tests sign in as. */
export const PERSON = { name: 'ada', password: 'seven quiet otters' };

/** A service of its own, with its console. */
export interface ConsoleService {
  readonly service: ServiceProcess;
  readonly url: string;
  /** The link that makes the first administrator. */
  readonly setupLink: string;
}

/** Starts the service with one worker over a new data folder. */
export async function startConsoleService(
  data: string,
  environment: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<ConsoleService> {
  const service = await serve(data, args, { LIVESTILL_WORKERS: '1', ...environment });
  // Gone once there is a user.
  const text = await readFile(join(data, 'console-setup.txt'), 'utf8').catch(() => '');
  const setupLink = /http\S+#\S+/.exec(text)?.[0] ?? '';
  return { service, url: `http://localhost:${service.adminPort}`, setupLink };
}

/** A page, and what it did that it should not. */
export interface Watched {
  readonly page: Page;
  /** Requests to another origin, refusals by the page's policy, and errors nobody caught. */
  readonly wrong: readonly string[];
}

/** Opens a page of the console in a context of its own. */
export async function openConsole(
  browser: Browser,
  url: string,
  context: BrowserContextOptions = {},
): Promise<Watched> {
  const options = { viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...context };
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong: string[] = [];
  const { origin } = new URL(url);
  page.on('request', (request) => {
    if (!/^(?:blob|data):/.test(request.url()) && !request.url().startsWith(origin))
      wrong.push(request.url());
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) wrong.push(message.text());
  });
  await page.goto(url);
  return { page, wrong };
}

/** Widths, themes and languages in which every page is looked at. */
export const LOOKS = [
  ['wide-light-en', { viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en-GB' }],
  ['wide-dark-zh', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark', locale: 'zh-CN' }],
  ['narrow-dark-en', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', locale: 'en-GB' }],
  ['narrow-light-zh', { viewport: { width: 360, height: 740 }, colorScheme: 'light', locale: 'zh-CN' }],
] as const;

/** The name of a look, and how a page is opened in it. */
export type Look = (typeof LOOKS)[number];

/** Signs in on the page of the way in. */
export async function signIn(page: Page, person = PERSON): Promise<void> {
  await page.locator('input[autocomplete=username]').fill(person.name);
  await page.locator('input[type=password]').fill(person.password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav').waitFor({ state: 'attached' });
}

/** Makes the first administrator by the link of the first start; the page that is signed in then. */
export async function setUp(browser: Browser, setupLink: string): Promise<Page> {
  const { page } = await openConsole(browser, setupLink);
  await page.locator('input[autocomplete=username]').fill(PERSON.name);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PERSON.password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav').waitFor();
  return page;
}

/** Rules that axe finds broken, with the elements, and what is wider than the window. */
export async function violations(page: Page): Promise<string[]> {
  // Through the protocol, which the page's own policy does not reach; once for each document.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await engineText());
  return page.evaluate(async () => {
    const { axe: engine } = window as unknown as {
      axe: {
        run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
      };
    };
    const found = (await engine.run({ resultTypes: ['violations'] })).violations;
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    return [
      ...found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)),
      ...(wide > 0 ? [`wider than the window by ${wide} pixels`] : []),
    ];
  });
}

let engine: Promise<string> | undefined;
function engineText(): Promise<string> {
  engine ??= readFile(axe, 'utf8');
  return engine;
}

/** Turns a page to a look without loading it anew: its language by the switch, which works under a dialog too. */
async function turnTo(page: Page, { viewport, colorScheme, locale }: Look[1]): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(viewport);
  const turned = await page.evaluate(
    async ([lang, theme]) => {
      const choice = Array.from(document.querySelectorAll<HTMLSelectElement>('.looks select')).at(-1);
      if (choice !== undefined) {
        choice.value = lang.slice(0, 2);
        choice.dispatchEvent(new Event('change'));
      }
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const root = document.documentElement;
      const isTurned = () => root.lang.slice(0, 2) === lang.slice(0, 2) && root.dataset.theme === theme;
      // The first frame lays out the new width; media queries may follow a frame late.
      for (let n = 0; n < 2 || (n < 60 && !isTurned()); n++) await frame();
      return isTurned();
    },
    [locale, colorScheme] as const,
  );
  if (!turned) throw new Error(`the page did not turn to ${colorScheme} and ${locale}`);
}

/** One walk through pages, at each of which every look is looked at. */
export interface Walk extends Watched {
  /** Looks at what the page shows now, in these looks or all of them; the page is left in the last one. */
  look(what: string, looks?: readonly Look[]): Promise<void>;
  /** Goes to another page of the console as a link does: what is loaded and compiled already stays. */
  visit(path: string): Promise<void>;
  /** What was found wrong in a look, and what is found where nothing is wrong. */
  result(name: string): { readonly found: Found | undefined; readonly well: Found };
}

type Found = Readonly<Record<string, readonly string[]>>;

/** Opens a page, in the last look, for a walk. The caller closes its context. */
export async function startWalk(browser: Browser, url: string, all: readonly Look[] = LOOKS): Promise<Walk> {
  const { page, wrong } = await openConsole(browser, url, all.at(-1)?.[1]);
  const found = new Map<string, Record<string, readonly string[]>>();
  return {
    page,
    wrong,
    async look(what, looks = all) {
      for (const [name, look] of looks) {
        await turnTo(page, look);
        found.set(name, { ...found.get(name), [what]: await violations(page) });
        await keepPicture(page, `${what}-${name}`);
      }
    },
    async visit(path) {
      const before = await page.title();
      await page.evaluate((to) => {
        history.pushState(null, '', to);
        dispatchEvent(new PopStateEvent('popstate'));
      }, `/console${path}`);
      await page.waitForFunction((old) => document.title !== old, before);
    },
    result(name) {
      const of = found.get(name);
      return { found: of, well: Object.fromEntries(Object.keys(of ?? {}).map((what) => [what, []])) };
    },
  };
}

/** A test for each look: the walk found nothing wrong in it. */
export function testLooks(walk: () => Walk): void {
  it.each(LOOKS)('%s', (name) => {
    const { found, well } = walk().result(name);
    expect(found).toEqual(well);
    expect(walk().wrong).toEqual([]);
  });
}

/** Keeps a picture of the page, where a folder for it is named. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (gallery !== undefined) await page.screenshot({ path: join(gallery, `${name}.png`), fullPage: true });
}
