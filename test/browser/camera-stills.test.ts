import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeriesFacts } from '../../web/camera/types.ts';
import { findChromium } from './support/chromium.ts';
import {
  browserOfTests,
  CAMERA,
  feedFolder,
  isReleased,
  jpegMarkers,
  press,
  reach,
  takenStills,
  told,
} from './support/harness.ts';
import { fields, scene } from './support/scene.ts';
import { page as pageWith, type Site, startSite } from './support/site.ts';

const { path, reason } = findChromium();

/** A camera made of a canvas that is turned from 640 x 480 to 480 x 640 once the first still is taken. */
function turningCamera(): void {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 640, height: 480 });
    let count = 0;
    setInterval(() => {
      const context = canvas.getContext('2d');
      if (context === null) return;
      context.fillStyle = `hsl(${(count++ * 40) % 360} 80% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }, 30);
    const { toBlob } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.toBlob = function (...given) {
      HTMLCanvasElement.prototype.toBlob = toBlob;
      Object.assign(canvas, { width: 480, height: 640 });
      toBlob.apply(this, given);
    };
    return canvas.captureStream(30);
  };
}

describe.skipIf(path === null)(
  `stills of the camera component${reason === null ? '' : ` (${reason})`}`,
  () => {
    const openPage = browserOfTests(path);
    let feeds: Awaited<ReturnType<typeof feedFolder>>;
    let site: Site;
    beforeAll(async () => {
      feeds = await feedFolder();
      site = await startSite({
        '/': pageWith(),
        '/auto': pageWith('auto stills="5"'),
        '/two': pageWith('stills="2"'),
        '/many': pageWith('stills="99"'),
      });
    });
    afterAll(async () => {
      await feeds?.remove();
      await site?.stop();
    });

    it('are JPEGs of the whole frame, upright, not mirrored, without EXIF, and the camera is off', async () => {
      const feed = await feeds.feed('fields', [fields(1280, 720)]);
      const page = await openPage({ url: `${site.url}/`, feed });
      await press(page);
      await reach(page, 'live');
      const preview = await sharp(await page.locator('livestill-camera .frame').screenshot())
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const at = (x: number, y: number) => {
        const from = (y * preview.info.width + x) * 3;
        return preview.data.subarray(from, from + 3);
      };
      // The upper left field is red, so in the mirrored preview the upper left one is green, dimmed by the guide.
      const [r, g] = at(40, 40);
      expect(g).toBeGreaterThan(r * 2);
      await press(page);
      await reach(page, 'done');
      const stills = await takenStills(page);
      expect(stills).toHaveLength(3);
      for (const still of stills) {
        const { data, info } = await sharp(still).raw().toBuffer({ resolveWithObject: true });
        expect([info.width, info.height]).toEqual([1280, 720]);
        const dominant = [
          [100, 100],
          [1180, 100],
          [100, 620],
        ].map(([x, y]) => {
          const pixel = Array.from(data.subarray((y * 1280 + x) * 3, (y * 1280 + x) * 3 + 3));
          return pixel.indexOf(Math.max(...pixel));
        });
        expect(dominant).toEqual([0, 1, 2]);
        expect((await sharp(still).metadata()).exif).toBeUndefined();
        expect(jpegMarkers(still).filter((marker) => /^ff(e[13-9a-df]|fe)$/.test(marker))).toEqual([]);
        expect(jpegMarkers(still)).toContain('ffda');
      }
      expect(await isReleased(page)).toBe(true);
      const { facts } = (await told(page, 'stills')) as unknown as { facts: SeriesFacts };
      expect(facts).toMatchObject({
        startedBy: 'button',
        faceDetector: false,
        camera: { width: 1280, height: 720 },
      });
      expect(facts.camera.label).toContain(CAMERA);
      expect(facts.stills.map(({ bytes }) => bytes)).toEqual(stills.map(({ length }) => length));
      expect(JSON.stringify(facts)).not.toMatch(/deviceId|groupId/);
    });

    it('are taken without the button once all is steady, five within about a second', async () => {
      const feed = await feeds.feed('steady', await scene());
      const page = await openPage({ url: `${site.url}/auto`, feed });
      await press(page);
      await reach(page, 'done');
      const { count, facts } = (await told(page, 'stills')) as unknown as {
        count: number;
        facts: SeriesFacts;
      };
      expect([count, facts.startedBy]).toEqual([5, 'auto']);
      const times = facts.stills.map(({ takenAfter }) => takenAfter);
      expect(times).toEqual([...times].sort((one, other) => one - other));
      expect(new Set(times).size).toBe(5);
      expect(await isReleased(page)).toBe(true);
    });

    it('have the shape of a camera that is held upright, and their number is kept between 2 and 5', async () => {
      const feed = await feeds.feed('upright', await scene({ width: 720, height: 960, frames: 4 }));
      const page = await openPage({ url: `${site.url}/two`, feed });
      await press(page);
      await reach(page, 'live');
      const series = await page.evaluate(async () => {
        const camera = document.querySelector('livestill-camera') as unknown as {
          take(): Promise<Window['series']>;
        };
        const { stills, facts } = await camera.take();
        return { count: stills.length, facts };
      });
      expect(series.count).toBe(2);
      expect(series.facts.startedBy).toBe('method');
      expect(series.facts.stills).toMatchObject([
        { width: 720, height: 960 },
        { width: 720, height: 960 },
      ]);
      const many = await page.evaluate(() =>
        ['1', '99', 'x', '4'].map((value) => {
          const camera = document.createElement('livestill-camera') as unknown as HTMLElement & {
            stills: number;
          };
          camera.setAttribute('stills', value);
          return camera.stills;
        }),
      );
      expect(many).toEqual([2, 5, 3, 4]);
    });

    it('are of one shape where the device is turned while they are taken', async () => {
      const page = await openPage({ url: `${site.url}/`, before: turningCamera });
      await press(page);
      await reach(page, 'live');
      await press(page);
      await reach(page, 'done');
      const shapes = await Promise.all(
        (await takenStills(page)).map(async (still) => {
          const { width, height } = await sharp(still).metadata();
          return `${width}x${height}`;
        }),
      );
      expect(shapes).toEqual(['480x640', '480x640', '480x640']);
      expect(await page.locator('livestill-camera canvas').count()).toBe(3);
    });
  },
);
