import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findChromium, keepDenial, startChromium } from './support/chromium.ts';
import { writeFeed } from './support/feed.ts';
import { press } from './support/harness.ts';
import { scene } from './support/scene.ts';
import { page as pageWith, type Site, startSite } from './support/site.ts';

/** Set to a folder, each state is kept there as a picture to be looked at. */
const gallery = process.env.LIVESTILL_SCREENSHOTS;
const { path, reason } = findChromium();
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const looks: readonly (readonly [name: string, lang: string, context: BrowserContextOptions])[] = [
  ['en-light', 'en', { viewport: { width: 480, height: 760 }, colorScheme: 'light' }],
  ['zh-dark', 'zh', { viewport: { width: 480, height: 760 }, colorScheme: 'dark' }],
  ['en-dark-360', 'en', { viewport: { width: 360, height: 640 }, colorScheme: 'dark', deviceScaleFactor: 2 }],
  [
    'zh-light-360',
    'zh',
    { viewport: { width: 360, height: 640 }, colorScheme: 'light', deviceScaleFactor: 2 },
  ],
  ['en-light-lying', 'en', { viewport: { width: 740, height: 360 }, colorScheme: 'light' }],
];

/** Rules that axe finds broken, with the elements. */
async function violations(page: Page): Promise<string[]> {
  // Through the protocol, which the page's own policy does not reach.
  await page.addScriptTag({ path: axe }).catch(() => undefined);
  const found = await page.evaluate(async () => {
    const { axe: engine } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await engine.run()).violations;
  });
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe.skipIf(path === null)(
  `the looks of the camera component${reason === null ? '' : ` (${reason})`}`,
  () => {
    let folder: string;
    let site: Site;
    let browser: Browser;
    let denying: Browser;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'livestill-looks-'));
      if (gallery !== undefined) await mkdir(gallery, { recursive: true });
      const feed = join(folder, 'face.y4m');
      await writeFeed(feed, await scene());
      const reasons = {
        en: 'We compare it with the photo in your document.',
        zh: '我们会将照片与您的证件照进行比对。',
      };
      site = await startSite({
        '/en': pageWith(`reason="${reasons.en}"`, 'en'),
        '/zh': pageWith(`reason="${reasons.zh}"`, 'zh-CN'),
      });
      browser = await startChromium(path ?? '', { feed });
      denying = await startChromium(path ?? '', { feed, answer: 'deny' });
    });
    afterAll(async () => {
      await browser?.close();
      await denying?.close();
      await site?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    it.each(looks)(
      '%s: every state is free of violations and fits the width',
      async (name, lang, options) => {
        const at = async (from: Browser) => {
          const context = await from.newContext({ ...options, bypassCSP: true });
          onTestFinished(() => context.close());
          const page = await context.newPage();
          if (from === denying) await keepDenial(page);
          await page.goto(`${site.url}/${lang}`);
          return page;
        };
        const look = async (page: Page, state: string) => {
          if (gallery !== undefined) await page.screenshot({ path: join(gallery, `${name}-${state}.png`) });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect([state, wide, await violations(page)]).toEqual([state, 0, []]);
        };
        const page = await at(browser);
        await look(page, 'idle');
        await press(page);
        await page.locator('livestill-camera[state=live]').waitFor();
        await page.locator('livestill-camera [data-hint=good]').waitFor();
        await look(page, 'live');
        await press(page);
        await page.locator('livestill-camera[state=done]').waitFor();
        await look(page, 'done');
        const denied = await at(denying);
        await press(denied);
        await denied.locator('livestill-camera[state=refused]').waitFor();
        await look(denied, 'denied');
      },
    );
  },
);
