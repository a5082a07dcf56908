/** Assembles src/liveness/kernel/resample.wat into resample-kernel.ts beside it. Run it after a change of the .wat. */
import { readFile, writeFile } from 'node:fs/promises';
import wabt from 'wabt';

const folder = new URL('../src/liveness/kernel/', import.meta.url);

/** The TypeScript module that carries the assembled kernel. */
export async function kernelModule() {
  const { parseWat } = await wabt();
  const module = parseWat('resample.wat', await readFile(new URL('resample.wat', folder), 'utf8'), {
    simd: true,
  });
  const { buffer } = module.toBinary({});
  const lines = Buffer.from(buffer)
    .toString('base64')
    .match(/.{1,96}/g)
    .map((line) => `  '${line}',`);
  return [
    '/** The WebAssembly of resample.wat in base64, made by scripts/build-kernel.mjs. */',
    'export const RESAMPLE_KERNEL = [',
    ...lines,
    "].join('');",
    '',
  ].join('\n');
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  await writeFile(new URL('resample-kernel.ts', folder), await kernelModule());
}
