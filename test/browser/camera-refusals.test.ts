import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findChromium, startChromium } from './support/chromium.ts';
import {
  browserOfTests,
  feedFolder,
  hints,
  isReleased,
  openPageIn,
  press,
  reach,
  told,
} from './support/harness.ts';
import { scene } from './support/scene.ts';
import { page as pageWith, type Resource, type Site, startSite } from './support/site.ts';

const { path, reason } = findChromium();

/** A page of another origin that shows the component in a frame, with or without the permission. */
function framing(url: string, allow: string): Resource {
  return {
    type: 'text/html',
    body: `<!doctype html><html lang="en"><title>Frame</title><iframe title="camera" ${allow} src="${url}" style="width:460px;height:700px"></iframe>`,
  };
}

describe.skipIf(path === null)(
  `refusals of the camera component${reason === null ? '' : ` (${reason})`}`,
  () => {
    const openPage = browserOfTests(path, ['--host-resolver-rules=MAP insecure.test 127.0.0.1']);
    let feeds: Awaited<ReturnType<typeof feedFolder>>;
    let feed: string;
    let site: Site;
    let outer: Site;
    beforeAll(async () => {
      feeds = await feedFolder();
      feed = await feeds.feed('face', await scene({ frames: 4 }));
      site = await startSite({ '/': pageWith(), '/auto': pageWith('auto') });
      const inner = site.url.replace('127.0.0.1', 'localhost');
      outer = await startSite({ '/shut': framing(inner, ''), '/open': framing(inner, 'allow="camera"') });
    });
    afterAll(async () => {
      await feeds?.remove();
      await site?.stop();
      await outer?.stop();
    });

    it('a denied camera is told, with the way out, and can be tried again', async () => {
      const denying = await startChromium(path ?? '', { feed, answer: 'deny' });
      onTestFinished(() => denying.close());
      const page = await openPageIn(denying, { url: `${site.url}/` }, 'deny');
      await press(page);
      await reach(page, 'refused');
      expect(await told(page, 'refused')).toEqual({
        kind: 'denied',
        cause: 'NotAllowedError',
        retryable: true,
        text: expect.stringContaining('Allow the camera'),
      });
      await page.evaluate(() => {
        window.told = [];
      });
      await press(page);
      await told(page, 'refused', 'denied');
    });

    it('a missing camera is told', async () => {
      const bare = await startChromium(path ?? '', { feed: null });
      onTestFinished(() => bare.close());
      const page = await openPageIn(bare, { url: `${site.url}/` });
      await press(page);
      expect(await told(page, 'refused')).toMatchObject({ kind: 'no_camera', cause: 'NotFoundError' });
    });

    it('a page without TLS is told before the camera is asked for, and has no button to try again', async () => {
      const url = site.url.replace('127.0.0.1', 'insecure.test');
      const page = await openPage({ url: `${url}/`, feed });
      await press(page);
      expect(await told(page, 'refused')).toMatchObject({
        kind: 'insecure_context',
        cause: null,
        retryable: false,
      });
      expect(await page.locator('livestill-camera button.main').isVisible()).toBe(false);
      const focused = await page.evaluate(
        () => document.querySelector('livestill-camera')?.shadowRoot?.activeElement?.className,
      );
      expect(focused).toBe('message');
    });

    it.each<readonly [allow: string, state: string]>([
      ['shut', 'refused'],
      ['open', 'live'],
    ])('in a frame of another site that is %s for the camera it is %s', async (allow, state) => {
      const page = await openPage({ url: `${site.url}/`, feed });
      await page.goto(`${outer.url}/${allow}`);
      const frame = page.frameLocator('iframe');
      await frame.locator('livestill-camera[state=idle]').waitFor();
      await page.waitForTimeout(450);
      await frame.locator('livestill-camera button.main').click();
      await frame.locator(`livestill-camera[state=${state}]`).waitFor();
      const kinds = await page
        .frames()[1]
        .evaluate(() =>
          window.told.filter(({ name }) => name === 'refused').map(({ detail }) => detail.kind),
        );
      expect(kinds).toEqual(allow === 'shut' ? ['blocked_by_policy'] : []);
    });

    it.each([
      ['NotReadableError', 'camera_in_use'],
      ['AbortError', 'camera_in_use'],
      ['OverconstrainedError', 'camera_unsuitable'],
      ['TypeError', 'failed'],
    ])('%s of the browser is told as %s', async (name, kind) => {
      const page = await openPage({ url: `${site.url}/` });
      await page.evaluate((error) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', error));
      }, name);
      await press(page);
      expect(await told(page, 'refused')).toMatchObject({ kind, cause: name, retryable: true });
    });

    it('a camera that cannot meet the wishes is asked for once more without them', async () => {
      const page = await openPage({ url: `${site.url}/`, feed });
      await page.evaluate(() => {
        const { mediaDevices } = navigator;
        const ask = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = (constraints) =>
          constraints?.video === true
            ? ask(constraints)
            : Promise.reject(new DOMException('', 'OverconstrainedError'));
      });
      await press(page);
      await reach(page, 'live');
    });

    it.each<readonly [what: string, kind: string, before: () => void]>([
      [
        'a browser without camera access',
        'not_supported',
        () => Object.defineProperty(navigator, 'mediaDevices', { value: undefined }),
      ],
      [
        'a browser that answers with noise for pictures',
        'canvas_blocked',
        () => {
          CanvasRenderingContext2D.prototype.getImageData = (_x, _y, width, height) => {
            const image = new ImageData(width, height);
            image.data.fill(255);
            return image;
          };
        },
      ],
      [
        'a camera whose track has ended when it comes',
        'no_picture',
        () => {
          navigator.mediaDevices.getUserMedia = async () => {
            const stream = document.createElement('canvas').captureStream(1);
            for (const track of stream.getTracks()) track.stop();
            return stream;
          };
        },
      ],
    ])('%s is told as %s', async (_what, kind, before) => {
      const page = await openPage({ url: `${site.url}/`, before });
      await press(page);
      expect(await told(page, 'refused')).toMatchObject({ kind });
    });

    it('a camera that is unplugged is told as an error, and one that falls silent as a hint', async () => {
      const page = await openPage({ url: `${site.url}/`, feed });
      await press(page);
      await told(page, 'hint', 'ready');
      const happen = (name: string) =>
        page.evaluate((type) => window.streams[0].getVideoTracks()[0].dispatchEvent(new Event(type)), name);
      await happen('mute');
      await told(page, 'hint', 'no_signal');
      await happen('unmute');
      await page.waitForFunction(() => window.told.at(-1)?.detail.kind === 'ready');
      expect(await hints(page)).toEqual(['ready', 'no_signal', 'ready']);
      await happen('ended');
      await reach(page, 'refused');
      expect(await told(page, 'error')).toMatchObject({ kind: 'camera_lost' });
      expect(await isReleased(page)).toBe(true);
      await press(page);
      await reach(page, 'live');
    });
  },
);
