import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type LaunchOptions, type Page } from 'playwright-core';

/** Those without windows first: the same engine at half the processor time. */
const NAMES = [
  'chromium-headless-shell',
  'chrome-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
];

/** Milliseconds after which a wait in a page counts as one without an end, also where the machine is loaded. */
export const PATIENCE = 60_000;

/** Where Chromium is, or why there is none. */
export type Found =
  | { readonly path: string; readonly reason: null }
  | { readonly path: null; readonly reason: string };

/** Where the first of these programs is that is on the path; null where none is. */
export function onPath(names: readonly string[] = NAMES): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
}

/**
 * Finds Chromium, and installs Debian's where it is missing and may be installed. With a reason in place of a path the tests that need it
 * are skipped by that reason.
 */
export function findChromium(): Found {
  const there = onPath();
  if (there !== null) return { path: there, reason: null };
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    return { path: null, reason: 'there is no Chromium here, and apt-get and root are needed to install it' };
  }
  // Test files run side by side: the first installs, the others wait for it and find it there.
  const install = `command -v chromium-headless-shell || command -v chromium || {
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium-headless-shell ||
      apt-get install -y -qq --no-install-recommends chromium
  }`;
  spawnSync('flock', [join(tmpdir(), 'livestill-chromium.lock'), 'sh', '-c', install], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const path = onPath();
  return path === null
    ? { path, reason: 'there is no Chromium here, and apt-get could not install it' }
    : { path, reason: null };
}

/** What a browser is started with. */
export interface BrowserOptions {
  /** A Y4M or MJPEG file that its camera shows; null: it has no camera. */
  readonly feed: string | null;
  /** What becomes of the question for the camera; 'allow' where nothing is said. */
  readonly answer?: 'allow' | 'deny';
  readonly args?: readonly string[];
}

/** Starts Chromium without a window. The caller closes it, also when its test fails. */
export function startChromium(
  path: string,
  { feed, answer = 'allow', args = [] }: BrowserOptions,
): Promise<Browser> {
  const camera =
    feed === null ? [] : ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${feed}`];
  const options: LaunchOptions = {
    executablePath: path,
    headless: true,
    args: [
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--mute-audio',
      `--use-fake-ui-for-media-stream${answer === 'deny' ? '=deny' : ''}`,
      ...camera,
      ...args,
    ],
  };
  return chromium.launch(options);
}

/** Lets pages of this page's context read that the camera was denied, as after the answer of a person; until the page is closed. */
export async function keepDenial(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const { targetInfo } = await devtools.send('Target.getTargetInfo');
  await devtools.send('Browser.setPermission', {
    permission: { name: 'camera' },
    setting: 'denied',
    ...(targetInfo.browserContextId === undefined ? {} : { browserContextId: targetInfo.browserContextId }),
  });
}
