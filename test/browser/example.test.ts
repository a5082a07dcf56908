import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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
          const outcome = async (feed: string, auto: boolean) => {
            const page = await openPage({ url: url ?? '', feed });
            await press(page);
            if (!auto) {
              await reach(page, 'live');
              await press(page);
            }
            await page.locator('#outcome[data-outcome]').waitFor();
            const said = page.locator('#outcome');
            return [await said.getAttribute('data-outcome'), await said.textContent()];
          };
          const face = await feeds.feed('face', await scene({ face: 0.42 }));
          expect(await outcome(face, true)).toEqual(['passed', 'Thank you, that is all.']);
          const nobody = await feeds.feed('nobody', [fields(1280, 960)]);
          expect(await outcome(nobody, false)).toEqual([
            'again',
            expect.stringMatching(/^Please take .*once more\. ./),
          ]);
          const rows = service.lines().filter(({ event }) => event === 'decision');
          const judged = rows.filter(({ verdict }) => verdict !== undefined);
          expect(judged.map(({ verdict }) => verdict)).toEqual([
            ...['live', 'live', 'live'],
            ...['no_face', 'no_face', 'no_face'],
          ]);
          expect(new Set(judged.map(({ source }) => String(source).slice(0, 12)))).toEqual(
            new Set(['session:ses_']),
          );
          const stranger = await fetch(`${url}outcome`, { method: 'POST' });
          expect(await stranger.json()).toEqual({ outcome: 'failed' });
          expect((await fetch(`${url}server.mjs`)).status).toBe(404);
          expect(said()).toMatch(/^[^\n]*ENOENT[^\n]*\n$|^$/);
        } finally {
          await service.stop();
          await feeds.remove();
        }
      });
    },
    180_000,
  );
});
