// Builds the console, web/console, into dist/web-console.
// node scripts/build-console.mjs
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds the pages of the admin port. Without the bundler (development dependencies were left out) there is no
 * console, and its address says so.
 * @returns whether it was built
 */
export async function buildConsole() {
  let vite;
  try {
    vite = await import('vite');
  } catch {
    console.error('livestill: the console was not built: vite, a development dependency, is not installed.');
    return false;
  }
  await vite.build({
    configFile: false,
    root: join(root, 'web', 'console'),
    base: '/console/',
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: join(root, 'dist', 'web-console'),
      emptyOutDir: true,
      target: 'es2022',
      // The page's policy lets nothing in that stands in a stylesheet or script itself.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // What is bundled asks for its notice to be passed on.
      license: { fileName: 'licences.md' },
    },
  });
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole();
