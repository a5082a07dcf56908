import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reason as reasonOf } from '../../src/liveness/reasons.ts';
import { CURVE } from '../../src/session/test-support/some-session.ts';
import type { SeriesFacts } from '../../web/camera/types.ts';
import { noFace } from '../contract/support/judge.ts';
import { judgedFace, startV1Test, type V1Test } from '../v1/support.ts';
import { findChromium } from './support/chromium.ts';
import { browserOfTests, feedFolder, press, reach, told } from './support/harness.ts';
import { fields } from './support/scene.ts';
import { POLICY, page as pageWith, type Site, startSite } from './support/site.ts';

const { path, reason } = findChromium();
const still = { thumbnail: null, curve: CURVE };

/** The pauses of an upload are cut short: those between the tries of one call take six seconds together. */
function hurry(): void {
  const later = window.setTimeout.bind(window);
  Object.assign(window, {
    setTimeout: (run: () => void, wait = 0) => later(run, [400, 800, 1600, 3200].includes(wait) ? 1 : wait),
  });
}

describe.skipIf(path === null)(
  `the camera component with a session${reason === null ? '' : ` (${reason})`}`,
  () => {
    const openPage = browserOfTests(path);
    let service: V1Test;
    let site: Site;
    let feeds: Awaited<ReturnType<typeof feedFolder>>;
    let feed: string;
    const pages: Record<string, ReturnType<typeof pageWith>> = {};
    beforeAll(async () => {
      service = await startV1Test();
      site = await startSite({}, pages);
      feeds = await feedFolder();
      feed = await feeds.feed('colours', [fields(640, 480)]);
    });
    afterAll(async () => {
      await site?.stop();
      await service?.stop();
      await feeds?.remove();
    });
    beforeEach(() => {
      service.judge.answer = () => judgedFace({ still });
    });

    /** A page with a session of its own, opened. */
    async function make(asked: Record<string, unknown> = {}) {
      const made = await service.post('/v1/sessions', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ origin: site.url, ...asked }),
      });
      const { sessionId, token } = (await made.json()) as Record<string, string>;
      return { sessionId, token, sessionUrl: `${service.url}/v1/sessions/${sessionId}` };
    }
    async function open() {
      const { sessionId, token, sessionUrl } = await make();
      const at = `/${randomBytes(6).toString('hex')}`;
      const resource = pageWith(`session-url="${sessionUrl}" session-token="${token}"`);
      const policy = `${POLICY}; connect-src ${service.url}`;
      pages[at] = { ...resource, headers: { 'content-security-policy': policy } };
      const page = await openPage({ url: site.url + at, feed, before: hurry });
      const read = async () => {
        const headers = { authorization: `Bearer ${service.apiKey}` };
        const response = await fetch(sessionUrl, { headers });
        return (await response.json()) as Record<string, unknown>;
      };
      return { page, read, sessionId };
    }
    const take = async (page: Page) => {
      await press(page);
      await reach(page, 'live');
      await press(page);
    };

    it('uploads its stills, says so, and learns no verdict', async () => {
      const { page, read } = await open();
      // As a framework does that sets what it has each time it renders.
      await page.evaluate(() => {
        const camera = document.querySelector('livestill-camera');
        camera?.addEventListener('progress', () => {
          camera.session = camera.session === null ? null : { ...camera.session };
        });
      });
      await take(page);
      await reach(page, 'sent');
      expect(await told(page, 'uploaded')).toEqual({ state: 'accepted', triesLeft: 0, hints: [] });
      expect(await told(page, 'progress')).toMatchObject({ sent: 1, of: 3 });
      const session = await read();
      expect(session).toMatchObject({ state: 'done', outcome: 'live' });
      const { signals } = session.capture as { signals: string[] };
      // A feed of one frame gives one picture; nothing else of the component's own is a signal.
      expect(signals).toEqual(['frames_identical']);
    });

    it('asks for other pictures where none can be judged, and goes on with the same session', async () => {
      service.judge.answer = () => ({ ...noFace, still, reasons: [reasonOf('NO_FACE')] });
      const { page, read } = await open();
      await take(page);
      await reach(page, 'refused');
      expect(await told(page, 'uploaded')).toMatchObject({ state: 'again', triesLeft: 2 });
      expect(await page.locator('livestill-camera .text').textContent()).toContain('Face the camera');
      service.judge.answer = () => judgedFace({ still });
      await take(page);
      await reach(page, 'sent');
      expect(await read()).toMatchObject({ state: 'done', outcome: 'live', triesUsed: 2 });
    });

    it('says that time is over where the session was cancelled', async () => {
      const { page, sessionId } = await open();
      await service.post(`/v1/sessions/${sessionId}/cancel`);
      await take(page);
      await reach(page, 'refused');
      const over = { kind: 'session_over', retryable: false, cause: 'over' };
      expect(await told(page, 'error')).toMatchObject(over);
      expect(await page.locator('livestill-camera .main').isVisible()).toBe(false);
      // A page that has another session made goes on without being loaded again.
      const { sessionUrl, token } = await make();
      const give = (access: { url: string; token: string }) =>
        page.evaluate((next) => {
          const camera = document.querySelector('livestill-camera');
          if (camera !== null) camera.session = next;
        }, access);
      await give({ url: sessionUrl, token });
      await reach(page, 'idle');
      expect(await page.locator('livestill-camera .message').textContent()).toContain(
        'Time is overPlease take the pictures again.',
      );
      await take(page);
      await reach(page, 'sent');
    });

    it('sends the same stills again where the network was gone, and takes no others', async () => {
      const { page, read } = await open();
      let answered = 0;
      await page.route('**/stills', (route) => (++answered > 1 ? route.abort() : route.continue()));
      await take(page);
      const gone = { kind: 'upload_failed', retryable: true, cause: null };
      expect(await told(page, 'error')).toMatchObject(gone);
      await page.unroute('**/stills');
      await press(page);
      await reach(page, 'sent');
      expect(await page.evaluate(() => window.told.filter(({ name }) => name === 'stills').length)).toBe(1);
      const session = await read();
      expect(session).toMatchObject({ state: 'done', outcome: 'live', triesUsed: 1 });
      const sizes = (session.taken as { bytes: number }[]).map(({ bytes }) => bytes);
      const { facts } = (await told(page, 'stills')) as unknown as { facts: SeriesFacts };
      expect(sizes).toEqual(facts.stills.map(({ bytes }) => bytes));
    });

    it('is done where the answer to its last still was lost', async () => {
      const { page } = await open();
      let uploads = 0;
      await page.route('**/stills', async (route) => {
        uploads += 1;
        if (uploads !== 3) return route.continue();
        await route.fetch();
        await route.abort();
      });
      await take(page);
      await reach(page, 'sent');
      expect(uploads).toBe(4);
    });

    it('says that it was not accepted where another page has the session, and is not left sending', async () => {
      const { page, sessionId } = await open();
      const token = await page.locator('livestill-camera').getAttribute('session-token');
      await fetch(`${service.url}/v1/sessions/${sessionId}/start`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          origin: site.url,
        },
        body: JSON.stringify({ key: randomBytes(32).toString('base64url') }),
      });
      await take(page);
      const started = { kind: 'session_refused', retryable: false, cause: 'started' };
      expect(await told(page, 'error')).toMatchObject(started);
      await page.route('**/start', () => {});
      await page.evaluate((url) => {
        const camera = document.querySelector('livestill-camera');
        if (camera !== null) camera.session = { url, token: 'lst_none' };
      }, `${service.url}/v1/sessions/${sessionId}`);
      await take(page);
      await reach(page, 'uploading');
      await page.evaluate(() => {
        const camera = document.querySelector('livestill-camera');
        if (camera !== null) camera.session = null;
      });
      await reach(page, 'idle');
    });
  },
);
