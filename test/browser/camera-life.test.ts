import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './support/chromium.ts';
import { browserOfTests, feedFolder, isReleased, press, reach, told } from './support/harness.ts';
import { scene } from './support/scene.ts';
import { page as pageWith, type Site, startSite } from './support/site.ts';

const { path, reason } = findChromium();

describe.skipIf(path === null)(
  `the life of the camera component${reason === null ? '' : ` (${reason})`}`,
  () => {
    const openPage = browserOfTests(path);
    let feeds: Awaited<ReturnType<typeof feedFolder>>;
    let feed: string;
    let site: Site;
    beforeAll(async () => {
      feeds = await feedFolder();
      feed = await feeds.feed('face', await scene({ frames: 4 }));
      site = await startSite({ '/': pageWith('auto="false"'), '/none': pageWith() });
    });
    afterAll(async () => {
      await feeds?.remove();
      await site?.stop();
    });
    const open = () => openPage({ url: `${site.url}/`, feed });

    it('asks for no camera until a person wants it', async () => {
      const page = await open();
      await page.waitForTimeout(500);
      expect(await page.evaluate(() => [window.streams.length, window.told])).toEqual([0, []]);
    });

    it('turns the camera off when it leaves the page', async () => {
      const page = await open();
      await press(page);
      await reach(page, 'live');
      await page.evaluate(() => document.querySelector('livestill-camera')?.remove());
      expect(await isReleased(page)).toBe(true);
    });

    it('turns the camera off when the page is hidden, says so, and goes on by a press', async () => {
      const page = await open();
      await press(page);
      await reach(page, 'live');
      await page.evaluate(() => {
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      });
      await reach(page, 'idle');
      expect(await isReleased(page)).toBe(true);
      expect(await page.locator('livestill-camera .title').textContent()).toBe('The camera was turned off');
      await page.evaluate(() => Reflect.deleteProperty(document, 'hidden'));
      await press(page);
      await reach(page, 'live');
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
      await reach(page, 'idle');
      expect(await isReleased(page)).toBe(true);
    });

    it('turns off a camera that comes after it was cancelled', async () => {
      const page = await open();
      await page.evaluate(() => {
        const { mediaDevices } = navigator;
        const ask = mediaDevices.getUserMedia.bind(mediaDevices);
        const cancelled = new Promise<void>((resolve) => {
          document.querySelector('livestill-camera')?.addEventListener('statechange', ({ detail }) => {
            if (detail.state === 'idle') resolve();
          });
        });
        mediaDevices.getUserMedia = async (constraints) => {
          const stream = await ask(constraints);
          await cancelled;
          return stream;
        };
      });
      await press(page);
      await reach(page, 'asking');
      await press(page, '.cancel');
      await reach(page, 'idle');
      await expect.poll(() => isReleased(page)).toBe(true);
      expect(await page.evaluate(() => window.told.map(({ detail }) => detail.state))).toEqual([
        'asking',
        'idle',
      ]);
    });

    it('ends a series that is cancelled: nothing is handed over', async () => {
      const page = await open();
      await press(page);
      await reach(page, 'live');
      const outcome = await page.evaluate(async () => {
        const camera = document.querySelector('livestill-camera') as unknown as {
          take(): Promise<unknown>;
          stop(): void;
        };
        const taking = camera.take().catch((error: Error) => error.name);
        camera.stop();
        return [await taking, await camera.take().catch((error: Error) => error.name)];
      });
      expect(outcome).toEqual(['AbortError', 'InvalidStateError']);
      expect(await page.evaluate(() => window.told.some(({ name }) => name === 'stills'))).toBe(false);
      expect(await isReleased(page)).toBe(true);
    });

    it('is worked by the keyboard alone, and the focus is never lost', async () => {
      const page = await open();
      await page.waitForTimeout(450);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await reach(page, 'live');
      const focused = () =>
        page.evaluate(() => document.querySelector('livestill-camera')?.shadowRoot?.activeElement?.className);
      expect(await focused()).toBe('main');
      await page.keyboard.press('Shift+Tab');
      expect(await focused()).toBe('cancel');
      await page.keyboard.press('Space');
      await reach(page, 'idle');
      expect(await focused()).toBe('main');
      await page.waitForTimeout(450);
      await page.keyboard.press('Enter');
      await reach(page, 'live');
      await page.waitForTimeout(450);
      await page.keyboard.press('Enter');
      await reach(page, 'done');
      expect(await focused()).toBe('main');
    });

    it('works under a strict content security policy, and asks the network for nothing of its own', async () => {
      const before = site.asked.length;
      const page = await open();
      await press(page);
      await told(page, 'hint');
      await press(page);
      await reach(page, 'done');
      expect(await page.evaluate(() => window.refusedByPolicy)).toEqual([]);
      const asked = site.asked.slice(before).filter((path) => path !== '/favicon.ico');
      expect(asked.sort()).toEqual(['/', '/camera/index.js', '/page.css', '/page.js']);
    });

    it('moves nothing where the person asked for less motion', async () => {
      const page = await openPage({
        url: `${site.url}/`,
        feed,
        context: { reducedMotion: 'reduce' },
      });
      await press(page);
      await reach(page, 'live');
      await press(page);
      await reach(page, 'done');
      const running = await page.evaluate(
        () => document.querySelector('livestill-camera')?.shadowRoot?.getAnimations().length,
      );
      expect(running).toBe(0);
    });

    it('takes properties that were set before it was defined', async () => {
      const page = await open();
      const read = await page.evaluate(() => {
        const camera = document.createElement('livestill-camera') as HTMLElement & {
          stills: number;
          auto: boolean;
        };
        Object.defineProperty(camera, 'stills', {
          value: 4,
          configurable: true,
          writable: true,
          enumerable: true,
        });
        document.body.append(camera);
        return [camera.getAttribute('stills'), camera.stills, camera.auto];
      });
      expect(read).toEqual(['4', 4, false]);
    });
  },
);
