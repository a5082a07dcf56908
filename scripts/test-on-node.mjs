// Runs `npm test` on other majors of Node than the one at hand: `npm run test:nodes`, or `npm run test:nodes -- 24`.
// The runtimes come from the packages node-<os>-<arch> of the npm registry, into a temporary folder that is removed again.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const given = process.argv.slice(2);
const majors = given.length > 0 ? given : ['22', '24'];
const wrong = majors.find((major) => !/^\d{2}$/.test(major));
if (wrong !== undefined) {
  console.error(`expected majors of Node such as 22 24, found ${wrong}`);
  process.exit(2);
}

const runtime = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const failed = [];
for (const major of majors) {
  const folder = mkdtempSync(join(tmpdir(), `livestill-node-${major}-`));
  try {
    const install = [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--prefix',
      folder,
      `${runtime}@${major}`,
    ];
    run('npm', install, process.env);
    const bin = join(folder, 'node_modules', runtime, 'bin');
    const environment = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    run('node', ['--version'], environment);
    run('npm', ['test'], environment);
  } catch (error) {
    console.error(`Node ${major}: ${error.message}`);
    failed.push(major);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(
  failed.length === 0 ? `Node ${majors.join(', ')}: all tests passed` : `failed on Node ${failed.join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function run(command, args, env) {
  const { status, error } = spawnSync(command, args, { env, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with status ${status}`);
}
