import sharp from 'sharp';

/**
 * Settings of the image library for a whole process: one thread a picture, since the workers already fill the
 * processors, and no cache, since the same file is hardly ever decoded twice. Meant for the service and the
 * command line; a program that uses livestill as a library keeps its own settings.
 */
export function dedicateImageLibrary(): void {
  sharp.concurrency(1);
  sharp.cache(false);
}
