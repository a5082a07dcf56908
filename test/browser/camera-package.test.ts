import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = join(root, 'dist', 'camera');
const run = promisify(execFile);
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** What the notes in the documentation leave to the page around them, and as much of React and Vue as they use. */
const AROUND = `
declare module 'react' {
  export interface HTMLAttributes<T> { className?: string; onClick?: (event: { currentTarget: T }) => void }
  export type DetailedHTMLProps<P, T> = P & { ref?: (element: T | null) => void };
  export namespace JSX { interface Element { type: string } interface IntrinsicElements {} }
}
declare module 'react/jsx-runtime' {
  export { JSX } from 'react';
  export function jsx(type: string, props: object): unknown;
}
declare const camera: import('livestill/camera').LivestillCamera;
declare const process: { env: Record<string, string> };
declare const request: { headers: Record<string, string> };
declare const [bodyAsText, webhookSecret]: [string, string];
declare function tellMyServer(): void;
declare function newSessionFromMyServer(): Promise<import('livestill/camera').SessionAccess>;
declare function defineProps<T>(): T;
declare function defineEmits<T>(): (name: keyof T) => void;
`;

/** The code of a page of the documentation in one language, in its order. */
async function codeOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, 'docs', 'use', page), 'utf8');
  return Array.from(text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm))
    .filter(([, found]) => found === language)
    .map(([, , code]) => code);
}

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-component-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('the package of the camera component', () => {
  it('is one module under 25 KB gzipped that imports nothing and contacts nobody but a session that it is given', async () => {
    const code = await readFile(join(built, 'index.js'));
    const size = gzipSync(code, { level: 9 }).length;
    console.info(`camera component: ${code.length} bytes minified, ${size} gzipped`);
    expect(size).toBeLessThan(25 * 1024);
    expect(code.toString()).not.toMatch(
      /\bimport\s*[({"'*]|XMLHttpRequest|WebSocket|sendBeacon|https?:\/\/(?!www\.w3\.org\/2000\/svg)/,
    );
    // The one place that uploads to a session.
    expect(code.toString().match(/\bfetch\(/g)).toHaveLength(1);
    expect((await readdir(built)).filter((name) => !name.endsWith('.d.ts'))).toEqual(['index.js']);
  });

  it('can be imported where there is no browser', async () => {
    const { stdout } = await run(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        "const { LivestillCamera, HINT_KINDS } = await import('livestill/camera'); console.log(typeof LivestillCamera, HINT_KINDS.length > 5);",
      ],
      { cwd: root },
    );
    expect(stdout).toBe('function true\n');
  });

  it('has types that hold in a strict project, as does the code in its documentation', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'livestill'), 'junction');
    await writeFile(
      join(folder, 'use.ts'),
      `import { LivestillCamera, type HintKind, type Series } from 'livestill/camera';
const camera: LivestillCamera = document.createElement('livestill-camera');
camera.addEventListener('stills', ({ detail }) => { const first: Blob = detail.stills[0]!; void first; });
camera.addEventListener('hint', (event) => { const kind: HintKind = event.detail.kind; void kind; });
camera.addEventListener('click', (event) => { event.preventDefault(); });
const taken: Promise<Series> = camera.take();
// @ts-expect-error a kind that does not exist
const wrong: HintKind = 'too_blue';
void [taken, wrong];
`,
    );
    const [react] = await codeOf('camera.md', 'tsx');
    const [vue] = await codeOf('camera.md', 'vue');
    const plain = (await codeOf('camera.md', 'ts')).join('\n');
    const files = {
      'around.d.ts': AROUND,
      'react.tsx': react,
      'vue.ts': /<script setup lang="ts">([\s\S]*?)<\/script>/.exec(vue)?.[1] ?? 'no script',
      'plain.ts': plain,
      // Both sides in one file: each goes on with what the other has made.
      'sessions.ts': (await codeOf('sessions.md', 'js')).join('\n'),
    };
    for (const [name, code] of Object.entries(files)) await writeFile(join(folder, name), code);
    const flags = [
      '--noEmit',
      '--jsx',
      'react-jsx',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      '--lib',
      'es2022,dom',
      '--types',
      '',
    ];
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, 'use.ts', ...Object.keys(files)], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '']);
  });

  it('is built as several modules where the bundler is missing', async () => {
    const folder = await temporaryFolder();
    for (const name of ['web/camera', 'scripts/build-camera.mjs', 'tsconfig.json', 'package.json']) {
      await cp(join(root, name), join(folder, name), { recursive: true });
    }
    const call = `const { buildCamera } = await import('./scripts/build-camera.mjs');
      console.log(await buildCamera(${JSON.stringify(tsc)}, ['--noCheck', '--declaration', 'false', '--types', '']));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', call], { cwd: folder });
    expect(stdout).toBe('true\n');
    const names = await readdir(join(folder, 'dist', 'camera'));
    expect(names).toContain('element.js');
    const load =
      "const { LivestillCamera } = await import('./dist/camera/index.js'); console.log(typeof LivestillCamera);";
    expect(
      (await run(process.execPath, ['--input-type=module', '--eval', load], { cwd: folder })).stdout,
    ).toBe('function\n');
  });
});
