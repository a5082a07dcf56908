import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll } from 'vitest';
import { groupPhoto } from '../../test/support/pictures.ts';
import { createLiveness, type Liveness } from '../engine.ts';
import type { Judgement } from '../liveness/types.ts';

/** An engine of the profile `fast`, the photo of a portrait, and a folder, for the tests of a file. */
export let engine: Liveness;
export let photo: Buffer;
export let folder: string;

/** Makes them before the tests of the file, and lets them go afterwards. */
export function useEngine(): void {
  beforeAll(async () => {
    engine = await createLiveness({ profile: 'fast' });
    // The judged woman of the fourth group photo, cut out as a portrait with room around her.
    photo = await sharp(await groupPhoto('sample4.jpg'))
      .extract({ left: 870, top: 20, width: 480, height: 640 })
      .jpeg({ quality: 95 })
      .toBuffer();
    folder = await mkdtemp(join(tmpdir(), 'livestill-engine-'));
  });
  afterAll(async () => {
    await engine?.close();
    await rm(folder, { recursive: true, force: true });
  });
}

/** A judgement without the time that it took. */
export const timeless = ({ milliseconds: _, ...rest }: Judgement) => rest;
/** The codes of its reasons. */
export const codes = (judgement: Judgement) => judgement.reasons.map((r) => r.code);
