import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './support/chromium.ts';
import { browserOfTests, feedFolder, hints, press, reach, told } from './support/harness.ts';
import { type SceneOptions, scene } from './support/scene.ts';
import { page as pageWith, type Site, startSite } from './support/site.ts';

const { path, reason } = findChromium();

/** A stand-in for the detector that Chromium has on other systems: it finds what `window.faces` has, in pixels of a 1280 x 960 video. */
function standInDetector(): void {
  Object.assign(window, {
    faces: [],
    FaceDetector: class {
      async detect() {
        const { faces } = window as unknown as { faces: DOMRectInit[] };
        return faces.map((face) => ({ boundingBox: DOMRectReadOnly.fromRect(face), landmarks: [] }));
      }
    },
  });
}

describe.skipIf(path === null)(
  `hints of the camera component${reason === null ? '' : ` (${reason})`}`,
  () => {
    const openPage = browserOfTests(path);
    let feeds: Awaited<ReturnType<typeof feedFolder>>;
    let site: Site;
    beforeAll(async () => {
      feeds = await feedFolder();
      site = await startSite({
        '/': pageWith(),
        '/auto': pageWith('auto'),
        '/zh': pageWith('lang="zh-Hans"'),
      });
    });
    afterAll(async () => {
      await feeds?.remove();
      await site?.stop();
    });

    it.each<readonly [what: string, kind: string, scene: SceneOptions]>([
      ['low light', 'too_dark', { light: 0.3, frames: 4 }],
      ['glare', 'too_bright', { light: 9, frames: 4 }],
      ['a picture out of focus', 'blurred', { blur: 8, frames: 4 }],
      ['a person who moves', 'moving', { sway: 60 }],
    ])('%s is told (%s), and nothing is taken by itself', async (_what, kind, options) => {
      const feed = await feeds.feed(kind, await scene(options));
      const page = await openPage({ url: `${site.url}/auto`, feed });
      await press(page);
      const { text, reading } = await told(page, 'hint', kind);
      expect([typeof text, reading]).toEqual(['string', expect.objectContaining({ faces: null })]);
      await page.waitForTimeout(2500);
      expect(await page.evaluate(() => window.told.some(({ name }) => name === 'stills'))).toBe(false);
      await reach(page, 'live');
    });

    it("come from the browser's own face detector where there is one", async () => {
      const feed = await feeds.feed('face', await scene({ frames: 4 }));
      const page = await openPage({
        url: `${site.url}/`,
        feed,
        before: standInDetector,
      });
      await press(page);
      await told(page, 'hint', 'no_face');
      // The frame is the area of 720 x 960 from x 280; the oval's middle is at 640, 451.
      const box = (x: number, y: number, width: number) => ({
        x: x - width / 2,
        y: y - width / 2,
        width,
        height: width,
      });
      for (const [kind, faces] of [
        ['too_far', [box(640, 451, 150)]],
        ['too_close', [box(640, 451, 520)]],
        ['off_centre', [box(500, 451, 360)]],
        ['several_faces', [box(640, 451, 360), box(400, 451, 300)]],
        ['ready', [box(640, 451, 360), box(400, 451, 90)]],
      ] as const) {
        await page.evaluate((now) => Object.assign(window, { faces: now }), faces);
        await told(page, 'hint', kind);
      }
      expect(await hints(page)).toEqual([
        'no_face',
        'too_far',
        'too_close',
        'off_centre',
        'several_faces',
        'ready',
      ]);
    });

    it('are in Chinese where the language is, and change with it', async () => {
      const feed = await feeds.feed('dark', await scene({ light: 0.3, frames: 2 }));
      const page = await openPage({ url: `${site.url}/zh`, feed });
      const button = page.locator('livestill-camera button.main');
      expect(await button.textContent()).toBe('打开摄像头');
      await press(page);
      expect((await told(page, 'hint', 'too_dark')).text).toBe('光线太暗，请到明亮处');
      await page.locator('livestill-camera').evaluate((camera) => camera.setAttribute('lang', 'en'));
      expect(await button.textContent()).toBe('Take the pictures');
    });

    it('are announced in a live region, and no more often than every two seconds and a half', async () => {
      const feed = await feeds.feed('announced', await scene({ frames: 4 }));
      const page = await openPage({
        url: `${site.url}/`,
        feed,
        before: standInDetector,
      });
      await page.evaluate(() => {
        const region = document.querySelector('livestill-camera')?.shadowRoot?.querySelector('[role=status]');
        const said: [string, number][] = [];
        Object.assign(window, { said });
        if (region)
          new MutationObserver(() => said.push([region.textContent ?? '', performance.now()])).observe(
            region,
            { childList: true },
          );
      });
      await press(page);
      await reach(page, 'live');
      const saidSoFar = () => page.evaluate(() => (window as unknown as { said: [string, number][] }).said);
      let said: [string, number][] = [];
      for (let turn = 0; turn < 5 || said.length < 3; turn++) {
        const kind = turn % 2 === 0 ? 'ready' : 'no_face';
        await page.evaluate((some) => {
          Object.assign(window, { faces: some ? [{ x: 460, y: 271, width: 360, height: 360 }] : [] });
        }, kind === 'ready');
        await page.waitForFunction(
          (wanted) => window.told.filter(({ name }) => name === 'hint').at(-1)?.detail.kind === wanted,
          kind,
        );
        said = await saidSoFar();
      }
      expect((await hints(page)).length).toBeGreaterThan(3);
      expect(said[0][0]).toContain('permission');
      const [, ...later] = said;
      const pauses = later.slice(1).map(([, at], index) => at - later[index][1]);
      expect(pauses.length).toBeGreaterThan(0);
      for (const pause of pauses) expect(pause).toBeGreaterThan(2400);
    });
  },
);
