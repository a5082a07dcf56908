import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { livestill, makeApp, serve, withFolder } from '../contract/support/process.ts';
import { findChromium } from './support/chromium.ts';
import { browserOfTests, feedFolder, press, reach } from './support/harness.ts';
import { fields, scene } from './support/scene.ts';

const { path, reason } = findChromium();
const project = fileURLToPath(new URL('../../', import.meta.url));

/** Starts the example's server and gives its address and what it has said. */
async function startExample(environment: Record<string, string>) {
  const child = spawn(process.execPath, ['examples/capture/server.mjs'], {
    cwd: project,
    env: { PATH: process.env.PATH, ...environment },
  });
  onTestFinished(() => void child.kill());
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const url = await new Promise<string | null>((resolve) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk).trim()));
    void ended.then(() => resolve(null));
  });
  return { url, said: () => err, ended };
}

describe('the onboarding example', () => {
  const openPage = browserOfTests(path);

  it('without a key says how it is used, with status 2', async () => {
    const { ended, said } = await startExample({});
    expect(await ended).toBe(2);
    expect(said()).toMatch(/^usage: .*examples\/capture\/server\.mjs\n.*npx livestill /);
  });

  it.skipIf(path === null)(
    `uploads stills from a browser to a session, which its server reads, with a real service${reason === null ? '' : ` (${reason})`}`,
    async () => {
      await withFolder(async (data) => {
        const { appid } = await makeApp(data);
        const made = livestill([
          'key',
          'create',
          '--data',
          data,
          '--kind',
          'api',
          '--appid',
          appid,
          '--json',
        ]);
        await made.ended;
        const { apiKey } = JSON.parse(made.stdout()) as { apiKey: string };
        const service = await serve(data, [], { LIVESTILL_WORKERS: '1' });
        const feeds = await feedFolder();
        try {
          const { url, said } = await startExample({
            LIVESTILL_URL: `http://127.0.0.1:${service.port}`,
            LIVESTILL_API_KEY: apiKey,
            PORT: '0',
          });
          const finish = async (page: Page, auto: boolean) => {
            await press(page);
            if (!auto) {
              await reach(page, 'live');
              await press(page);
            }
            await page.locator('#outcome[data-outcome]').waitFor();
            const said = page.locator('#outcome');
            return [await said.getAttribute('data-outcome'), await said.textContent()];
          };
          const open = (feed: string, address = url ?? '') => openPage({ url: address, feed });
          const face = await feeds.feed('face', await scene({ face: 0.42 }));
          const first = await open(face, url?.replace('127.0.0.1', 'localhost'));
          // A second tab of the same visitor, whose session is another.
          const opened = first.waitForEvent('popup');
          await first.evaluate(() => void window.open(location.href));
          const second = await opened;
          await second.locator('livestill-camera:not([hidden])').waitFor();
          const passed = ['passed', 'Thank you, that is all.'];
          expect(await finish(second, true)).toEqual(passed);
          await first.bringToFront();
          // Its session is taken from it: the page has another made, and the pictures are taken again.
          await first.evaluate(() => {
            const camera = document.querySelector('livestill-camera');
            if (camera?.session) camera.session = { ...camera.session, token: `lst_${'A'.repeat(43)}` };
          });
          await press(first);
          await first.locator('livestill-camera[state=idle] .text', { hasText: 'again' }).waitFor();
          expect(await finish(first, true)).toEqual(passed);
          const nobody = await feeds.feed('nobody', [fields(1280, 960)]);
          expect(await finish(await open(nobody), false)).toEqual([
            'again',
            expect.stringMatching(/^Please take .*once more\. ./),
          ]);
          const decisions = () =>
            service.lines().filter(({ event, verdict }) => event === 'decision' && verdict !== undefined);
          // What the service writes comes by another way than its answers.
          await expect.poll(() => decisions().length).toBeGreaterThanOrEqual(9);
          const judged = decisions();
          expect(judged.map(({ verdict }) => verdict)).toEqual([
            ...['live', 'live', 'live', 'live', 'live', 'live'],
            ...['no_face', 'no_face', 'no_face'],
          ]);
          expect(new Set(judged.map(({ source }) => String(source).slice(0, 12)))).toEqual(
            new Set(['session:ses_']),
          );
          const post = (path: string, headers: Record<string, string>) =>
            fetch(`${url}${path}`, { method: 'POST', headers });
          const [, sessionId] = String(judged[0].source).split(':');
          const stranger = await post(`outcome/${sessionId}`, { cookie: 'visitor=somebody-else' });
          expect(await stranger.json()).toEqual({ outcome: 'failed' });
          const origin = 'http://elsewhere.example';
          expect((await post('session', { origin })).status).toBe(403);
          await expect.poll(said).toContain(`set ORIGIN=${origin}`);
          expect((await fetch(`${url}server.mjs`)).status).toBe(404);
        } finally {
          await service.stop();
          await feeds.remove();
        }
      });
    },
  );
});
