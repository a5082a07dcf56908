import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { describeWhere } from '../support/only-where.ts';
import { onPath } from './support/chromium.ts';
import type { Told } from './support/harness.ts';
import { page as pageWith, type Site, startSite } from './support/site.ts';

const run = promisify(execFile);
const driver = fileURLToPath(new URL('support/firefox.mjs', import.meta.url));
const firefox = onPath(['firefox-esr', 'firefox']);

describeWhere(firefox !== null, 'needs Firefox')('the camera component in Firefox', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ '/': pageWith() });
  });
  afterAll(() => site?.stop());

  /** What the page told, with these preferences of Firefox. */
  async function toldWith(preferences: Record<string, unknown>): Promise<readonly Told[]> {
    const profile = await mkdtemp(join(tmpdir(), 'livestill-firefox-'));
    onTestFinished(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
    const args = ['--experimental-websocket', driver, firefox ?? '', profile, site.url];
    const { stdout } = await run(process.execPath, [...args, JSON.stringify(preferences)], {
      timeout: 230_000,
    });
    return JSON.parse(stdout) as Told[];
  }

  it('takes stills of its made camera', { timeout: 240_000 }, async () => {
    const told = await toldWith({ 'media.navigator.permission.disabled': true });
    const states = told.filter(({ name }) => name === 'statechange').map(({ detail }) => detail.state);
    expect(states).toEqual(['asking', 'live', 'taking', 'done']);
    expect(told.at(-1)).toMatchObject({
      name: 'stills',
      detail: { count: 3, facts: { startedBy: 'button', stills: [{ width: 640, height: 480 }, {}, {}] } },
    });
  });

  it.each([
    ['denied', { 'permissions.default.camera': 2 }, 'NotAllowedError'],
    ['canvas_blocked', { 'privacy.resistFingerprinting': true }, null],
  ])('tells that the camera is %s', { timeout: 240_000 }, async (kind, preferences, cause) => {
    const told = await toldWith(preferences);
    expect(told.find(({ name }) => name === 'refused')?.detail).toMatchObject({ kind, cause });
  });
});
