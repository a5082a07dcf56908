import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reason as reasonOf } from '../../src/liveness/reasons.ts';
import { CURVE } from '../../src/session/test-support/some-session.ts';
import { noFace } from '../contract/support/judge.ts';
import { judgedFace, startV1Test, type V1Test } from '../v1/support.ts';
import { findChromium } from './support/chromium.ts';
import { browserOfTests, feedFolder, press, reach, told } from './support/harness.ts';
import { fields } from './support/scene.ts';
import { POLICY, page as pageWith, type Site, startSite } from './support/site.ts';

const { path, reason } = findChromium();
const still = { thumbnail: null, curve: CURVE };

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
    async function open(asked: Record<string, unknown> = {}) {
      const made = await service.post('/v1/sessions', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ origin: site.url, ...asked }),
      });
      const { sessionId, token } = (await made.json()) as Record<string, string>;
      const at = `/${randomBytes(6).toString('hex')}`;
      const resource = pageWith(
        `session-url="${service.url}/v1/sessions/${sessionId}" session-token="${token}"`,
      );
      const policy = `${POLICY}; connect-src ${service.url}`;
      pages[at] = { ...resource, headers: { 'content-security-policy': policy } };
      const page = await openPage({ url: site.url + at, feed });
      const read = async () => {
        const headers = { authorization: `Bearer ${service.apiKey}` };
        const response = await fetch(`${service.url}/v1/sessions/${sessionId}`, { headers });
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
      await take(page);
      await reach(page, 'sent');
      expect(await told(page, 'uploaded')).toEqual({ state: 'accepted', triesLeft: 0, hints: [] });
      expect(await told(page, 'progress')).toMatchObject({ sent: 1, of: 3 });
      const session = await read();
      expect(session).toMatchObject({ state: 'done', outcome: 'live' });
      const { signals } = session.capture as { signals: string[] };
      // A feed of one frame gives one picture; nothing else of the component's own is a signal.
      expect(signals).toEqual(['frames_identical']);
    }, 60_000);

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
    }, 60_000);

    it('says that time is over where the session was cancelled', async () => {
      const { page, sessionId } = await open();
      await service.post(`/v1/sessions/${sessionId}/cancel`);
      await take(page);
      await reach(page, 'refused');
      expect(await told(page, 'error')).toMatchObject({ kind: 'session_over' });
      expect(await page.locator('livestill-camera .main').isVisible()).toBe(false);
    }, 60_000);
  },
);
