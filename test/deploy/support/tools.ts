import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path in the project. */
export const inProject = (name: string): string =>
  fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** Whether a program ends with status 0. */
export const succeeds = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** What stands behind the name of a skipped test. */
export const why = (reason: string | null): string => (reason === null ? '' : ` (skipped: ${reason})`);

/** Installs a Debian package where `works` says no; gives why there is none, or null. */
export function debianPackage(works: () => boolean, what: string): string | null {
  if (process.platform !== 'linux') return 'Linux alone has it';
  if (works()) return null;
  if (process.getuid?.() !== 0) return `${what} is not installed, and only root may install it`;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', what], { env });
  return works() ? null : `${what} cannot be installed here`;
}

/** Where tools are kept between runs. */
const toolFolder = (name: string): string => {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'livestill-tools', name);
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** A tool's path, or why it is not to be had. */
export type Tool =
  | { readonly path: string; readonly reason: null }
  | { readonly path: null; readonly reason: string };

/** One program out of a Debian package, unpacked and not installed: no service of the package is started. */
export function debianProgram(what: string, program: string): Tool {
  const folder = toolFolder(what);
  const path = join(folder, program);
  if (existsSync(path)) return { path, reason: null };
  if (!succeeds('apt-get', '--version')) return { path: null, reason: `${what} is a Debian package` };
  const download = () =>
    spawnSync('apt-get', ['download', '-qq', what], { cwd: folder, stdio: 'ignore' }).status === 0;
  if (!download()) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    download();
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
    spawnSync('dpkg-deb', ['--extract', join(folder, file), folder], { stdio: 'ignore' });
  return existsSync(path)
    ? { path, reason: null }
    : { path: null, reason: `the Debian package ${what} is not to be had` };
}

/** A program on the PATH, or one that was built into the cache folder before; null where there is none. */
function knownProgram(name: string, version: string): string | null {
  const installed = spawnSync('which', [name], { encoding: 'utf8' });
  if (installed.status === 0) return installed.stdout.trim();
  const path = join(toolFolder(`${name}-${version}`), name);
  return existsSync(path) ? path : null;
}

/** As `goProgram`, of a program that an earlier check has built; builds nothing itself. */
export function builtGoProgram(name: string, version: string): Tool {
  const path = knownProgram(name, version);
  return path === null
    ? { path, reason: `there is no ${name}: "npm run deploy:check" builds it` }
    : { path, reason: null };
}

/** A Go program: the one on the PATH, else built at a version, once into the cache folder; its path, or why it is not to be had. */
export function goProgram(name: string, module: string, version: string): Tool {
  const known = knownProgram(name, version);
  if (known !== null) return { path: known, reason: null };
  const folder = toolFolder(`${name}-${version}`);
  const path = join(folder, name);
  if (!succeeds('go', 'version'))
    return { path: null, reason: `${name} is built with Go, which is not installed` };
  const built = spawnSync('go', ['install', `${module}@${version}`], {
    env: { ...process.env, GOBIN: folder },
    stdio: 'ignore',
  });
  return built.status === 0 && existsSync(path)
    ? { path, reason: null }
    : { path: null, reason: `${module}@${version} cannot be built here` };
}

/** Programs of packages of the Python registry, in an environment of their own; the folder of the programs, or why there is none. */
export function pythonPrograms(...packages: readonly string[]): Tool {
  const name = `python-${createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)}`;
  const folder = toolFolder(name);
  const path = join(folder, 'bin');
  if (existsSync(join(folder, 'whole'))) return { path, reason: null };
  const python = ['python3', '/usr/bin/python3'].find((one) => succeeds(one, '-m', 'venv', folder));
  if (python === undefined) return { path: null, reason: 'there is no Python that makes environments' };
  if (!succeeds(join(path, 'python'), '-m', 'pip', 'install', '--quiet', ...packages))
    return { path: null, reason: `${packages.join(' and ')} cannot be installed here` };
  writeFileSync(join(folder, 'whole'), '');
  return { path, reason: null };
}
