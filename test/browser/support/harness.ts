import { mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Series } from '../../../web/camera/types.ts';
import { type BrowserOptions, keepDenial, PATIENCE, startChromium } from './chromium.ts';
import { type Rgb, writeFeed } from './feed.ts';

/** What the test pages keep. */
declare global {
  interface Window {
    told: Told[];
    series: Series;
    refusedByPolicy: string[];
    /** Every camera that the page was given. */
    streams: MediaStream[];
  }
}

/** One event of the component. */
export interface Told {
  readonly name: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** How a page is opened. */
export interface OpenOptions {
  readonly url: string;
  /** A Y4M file that the camera shows from now on. */
  readonly feed?: string;
  readonly context?: BrowserContextOptions;
  /** Runs in the page before everything else. */
  readonly before?: () => void;
}

/** Keeps the cameras that a page is given, to see that they are turned off. */
function keepStreams(): void {
  window.streams = [];
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) return;
  const ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = await ask(constraints);
    window.streams.push(stream);
    return stream;
  };
}

/**
 * Opens a page in a context of its own in this browser; the context is closed when the test ends, however it ends.
 * @param answer what the browser was started with
 */
export async function openPageIn(
  browser: Browser,
  options: Omit<OpenOptions, 'feed'>,
  answer?: BrowserOptions['answer'],
): Promise<Page> {
  const { url, context, before } = options;
  const own = await browser.newContext({ viewport: { width: 480, height: 760 }, ...context });
  onTestFinished(() => own.close());
  const page = await own.newPage();
  page.setDefaultTimeout(PATIENCE);
  if (answer === 'deny') await keepDenial(page);
  if (before !== undefined) await page.addInitScript(before);
  await page.addInitScript(keepStreams);
  await page.goto(url);
  await page.locator('livestill-camera[state]').waitFor();
  return page;
}

/** What the camera of `browserOfTests` is called. */
export const CAMERA = 'shared-camera.y4m';

/**
 * One browser for the tests of a file, one after the other; gives what opens a page in it. Chromium reads the file that its camera shows
 * anew whenever a page turns the camera on.
 */
export function browserOfTests(
  path: string | null,
  args: readonly string[] = [],
): (options: OpenOptions) => Promise<Page> {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    if (path === null) return;
    folder = await mkdtemp(join(tmpdir(), 'livestill-camera-'));
    browser = await startChromium(path, { feed: join(folder, CAMERA), args });
  });
  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return async ({ feed, ...options }) => {
    if (feed !== undefined) {
      await symlink(feed, join(folder, 'next'));
      await rename(join(folder, 'next'), join(folder, CAMERA));
    }
    return openPageIn(browser, options);
  };
}

/** Presses the main button as a person does: not in the moment in which it changed. */
export async function press(page: Page, button = '.main'): Promise<void> {
  await page.waitForTimeout(450);
  await page.locator(`livestill-camera button${button}`).click();
}

/** Waits until the component is in a state. */
export async function reach(page: Page, state: string): Promise<void> {
  await page.locator(`livestill-camera[state=${state}]`).waitFor();
}

/** Waits for an event, with this kind where one is given, and gives its detail. */
export async function told(page: Page, name: string, kind?: string): Promise<Told['detail']> {
  const found = await page.waitForFunction(
    ([wanted, of]) =>
      window.told.find((one) => one.name === wanted && (of === undefined || one.detail.kind === of)),
    [name, kind] as const,
  );
  return (await found.jsonValue())?.detail ?? {};
}

/** The kinds of all hints so far. */
export function hints(page: Page): Promise<unknown[]> {
  return page.evaluate(() =>
    window.told.filter(({ name }) => name === 'hint').map(({ detail }) => detail.kind),
  );
}

/** Whether every camera that the page was given is off, and the preview empty. */
export function isReleased(page: Page): Promise<boolean> {
  return page.evaluate(
    () =>
      window.streams.length > 0 &&
      window.streams.flatMap((stream) => stream.getTracks()).every((track) => track.readyState === 'ended') &&
      Array.from(document.querySelectorAll('livestill-camera')).every(
        (camera) => camera.shadowRoot?.querySelector('video')?.srcObject === null,
      ),
  );
}

/** The bytes of the stills that were handed over last. */
export async function takenStills(page: Page): Promise<Buffer[]> {
  const texts = await page.evaluate(() =>
    Promise.all(
      window.series.stills.map(async (blob) => {
        const bytes = new Uint8Array(await blob.arrayBuffer());
        let text = '';
        for (let at = 0; at < bytes.length; at += 4096) {
          text += String.fromCharCode(...bytes.subarray(at, at + 4096));
        }
        return btoa(text);
      }),
    ),
  );
  return texts.map((text) => Buffer.from(text, 'base64'));
}

/** A folder for feeds; `feed` writes one into it and gives its path. */
export async function feedFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-feeds-'));
  const feed = async (name: string, frames: Iterable<Rgb>) => {
    const path = join(folder, `${name}.y4m`);
    await writeFeed(path, frames);
    return path;
  };
  return { feed, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Markers of a JPEG's segments up to its scan, as in `ffe1`. */
export function jpegMarkers(bytes: Buffer): string[] {
  const markers: string[] = [];
  for (let at = 2; at + 4 <= bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    markers.push(bytes.toString('hex', at, at + 2));
    if (markers.at(-1) === 'ffda') break;
  }
  return markers;
}
