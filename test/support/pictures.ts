import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const faceApi = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));

/** The six group photos (1920 px) that the development dependency @vladmandic/face-api carries: `sample1.jpg` …. */
export function groupPhoto(name: string): Promise<Buffer> {
  return readFile(join(faceApi, 'demo', name));
}

/** Path of a group photo, for programs that take a file. */
export function groupPhotoPath(name: string): string {
  return join(faceApi, 'demo', name);
}

/**
 * A face of few pixels as a JPEG file: of all pictures the one that is judged soonest. One without a face takes
 * three times as long, since it is looked at under every turn.
 */
export async function smallPhoto(): Promise<Buffer> {
  return sharp(await groupPhoto('sample1.jpg'))
    .resize(320)
    .jpeg()
    .toBuffer();
}

/** A sample picture of the contract's vectors: `T1.jpg` (bona fide), `F1.jpg`, `F2.jpg` (attack presentations). */
export function samplePath(name: string): string {
  return fileURLToPath(new URL(`../contract/vectors/${name}`, import.meta.url));
}
