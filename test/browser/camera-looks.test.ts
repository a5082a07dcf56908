import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATES, stage } from './support/camera-states.ts';
import { findChromium, PATIENCE, startChromium } from './support/chromium.ts';
import { feedFolder } from './support/harness.ts';
import { scene } from './support/scene.ts';
import { page as pageWith, type Site, startSite } from './support/site.ts';

/** Set to a folder, each state in each look is kept there as a picture (scripts/camera-pictures.mjs). */
const gallery = process.env.LIVESTILL_SCREENSHOTS;
const { path, reason } = findChromium();
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const SIZES = {
  wide: { width: 1280, height: 800 },
  phone: { width: 360, height: 640 },
  lying: { width: 740, height: 360 },
  frame: { width: 300, height: 420 },
} as const;

/** How the page looks, and whether axe looks at it too. */
interface Look {
  readonly lang: 'en' | 'zh-CN';
  readonly theme: 'light' | 'dark';
  readonly size: keyof typeof SIZES;
  readonly forced?: boolean;
  readonly axe?: boolean;
}

/** The looks of each test run. Sizes, languages and themes are each with axe once; all others are only measured. */
const LOOKS: readonly Look[] = [
  { lang: 'en', theme: 'light', size: 'phone', axe: true },
  { lang: 'zh-CN', theme: 'dark', size: 'phone', axe: true },
  { lang: 'en', theme: 'dark', size: 'frame' },
  { lang: 'en', theme: 'light', size: 'lying' },
];

/** The looks of the gallery. */
function allLooks(): readonly Look[] {
  const sizes = Object.keys(SIZES) as (keyof typeof SIZES)[];
  const each = sizes.flatMap((size) =>
    (['light', 'dark'] as const).flatMap((theme) =>
      (['en', 'zh-CN'] as const).map((lang): Look => ({ lang, theme, size })),
    ),
  );
  return [...each, { lang: 'en', theme: 'dark', size: 'phone', forced: true }];
}

const nameOf = ({ lang, theme, size, forced }: Look) =>
  [lang.slice(0, 2), theme, size, ...(forced ? ['forced'] : [])].join('-');

/** The component takes its language from the page, whose reason is in it too. */
const REASONS = {
  en: 'We compare it with the photo in your document.',
  'zh-CN': '我们会将照片与您的证件照进行比对。',
};

async function turnTo(page: Page, { lang, theme, size, forced }: Look): Promise<void> {
  await page.emulateMedia({
    colorScheme: theme,
    forcedColors: forced ? 'active' : 'none',
    reducedMotion: 'reduce',
  });
  await page.setViewportSize(SIZES[size]);
  await page.evaluate(
    async ([tag, why]) => {
      document.documentElement.lang = tag;
      document.querySelector('livestill-camera')?.setAttribute('reason', why);
      // Where a request is open, media queries were seen to follow a frame late.
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    },
    [lang, REASONS[lang]] as const,
  );
}

/** Rules that axe finds broken, with the elements. */
function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe: engine } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = (await engine.run()).violations;
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

/** What does not fit: the page is larger than its window, or words are cut off by what surrounds them. */
function misfits(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    const [wide, high] = [scrollWidth - innerWidth, scrollHeight - innerHeight];
    const root = document.querySelector('livestill-camera')?.shadowRoot;
    const frame = root?.querySelector('.frame')?.getBoundingClientRect();
    const parts = Array.from(root?.querySelectorAll('.frame p, .frame li, .symbol, .pictures, button') ?? []);
    const cut = parts.filter((part) => {
      if (!part.checkVisibility({ visibilityProperty: true })) return false;
      const { left, right, top, bottom } = part.getBoundingClientRect();
      if (part.scrollWidth > part.clientWidth + 1) return true;
      if (frame === undefined || part.localName === 'button') return false;
      return left < frame.left || right > frame.right || top < frame.top || bottom > frame.bottom;
    });
    const names = cut.map(({ className, localName }) => `cut off: ${className || localName}`);
    if (wide > 0) names.push(`wider than the window by ${wide} pixels`);
    if (high > 0) names.push(`taller than the window by ${high} pixels`);
    return names;
  });
}

describe.skipIf(path === null)(
  `the looks of the camera component${reason === null ? '' : ` (${reason})`}`,
  () => {
    let feeds: Awaited<ReturnType<typeof feedFolder>>;
    let site: Site;
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      if (gallery !== undefined) await mkdir(gallery, { recursive: true });
      feeds = await feedFolder();
      const feed = await feeds.feed('face', await scene({ face: 0.42, frames: 2 }));
      site = await startSite({ '/': pageWith() });
      browser = await startChromium(path ?? '', { feed, answer: 'allow' });
      // The service of a session is a stand-in of another origin, which the page's policy does not know.
      page = await (await browser.newContext({ bypassCSP: true })).newPage();
      page.setDefaultTimeout(PATIENCE);
      await stage(page);
      await page.goto(site.url);
      await page.locator('livestill-camera[state=idle]').waitFor();
      await page.evaluate(await readFile(axe, 'utf8'));
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
      await feeds?.remove();
    });

    const looks = gallery === undefined ? LOOKS : allLooks();
    it.each(STATES)('$name: free of violations, and nothing is cut off', async ({ name, reach }) => {
      await reach(page);
      const found: string[] = [];
      for (const look of looks) {
        await turnTo(page, look);
        const wrong = [...(await misfits(page)), ...(look.axe ? await violations(page) : [])];
        found.push(...wrong.map((what) => `${nameOf(look)}: ${what}`));
        if (gallery !== undefined) {
          await page.screenshot({ path: join(gallery, `${name}-${nameOf(look)}.png`), fullPage: true });
        }
      }
      expect(found).toEqual([]);
    });
  },
);
