import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/*
 * Loads the bundles of `dist/program/`, which `npm run build` makes of the programs. They are loaded here and
 * not by the runtime so that each can come with the code that the runtime's compiler made of it before: a
 * start then neither reads the source for its functions nor compiles those it runs. Without that file, or
 * with one of another version of the runtime or of other flags, all is compiled as ever.
 */

/** One bundle: what it exports, and what the compiler made of it. */
interface Bundle {
  readonly exports: object;
  readonly script: Script;
}

type Wrapped = (exports: object, require: NodeJS.Require, module: object, place: string) => void;

const FOLDER = new URL('../program/', import.meta.url);
const outside = createRequire(FOLDER);
const LOADED = new Map<string, Bundle>();

/** Compiled code depends on the runtime's flags; worker processes have some. */
const kind = process.execArgv.includes('--single-threaded-gc') ? 'worker' : 'plain';

/** The file that the compiler's code for a bundle is kept in, for processes such as this one. */
export function codeFileOf(name: string): string {
  return fileURLToPath(new URL(`${name}.${kind}.code`, FOLDER));
}

function codeOf(name: string): Buffer | undefined {
  try {
    return readFileSync(codeFileOf(name));
  } catch {
    return undefined;
  }
}

/**
 * Loads a bundle of `dist/program/` by its file's name, those that it needs included, each once.
 * @returns what it exports
 */
export function loadProgram(name: string): object {
  const known = LOADED.get(name);
  if (known !== undefined) return known.exports;
  const filename = fileURLToPath(new URL(name, FOLDER));
  const cachedData = codeOf(name);
  const script = new Script(
    `(function(exports,require,module,livestillProgram){${readFileSync(filename, 'utf8')}\n})`,
    {
      filename,
      ...(cachedData === undefined ? {} : { cachedData }),
    },
  );
  const module = { exports: {} };
  LOADED.set(name, {
    script,
    get exports() {
      return module.exports;
    },
  });
  (script.runInThisContext() as Wrapped)(module.exports, requireFrom, module, FOLDER.href);
  return module.exports;
}

/** The bundles that this thread has loaded, for the build to keep the compiler's code of. */
export function loadedPrograms(): ReadonlyMap<string, Script> {
  return new Map(Array.from(LOADED, ([name, { script }]) => [name, script]));
}

const requireFrom: NodeJS.Require = Object.assign(
  (wanted: string) =>
    wanted.startsWith('./') && wanted.endsWith('.cjs') ? loadProgram(wanted.slice(2)) : outside(wanted),
  { resolve: outside.resolve, cache: outside.cache, extensions: outside.extensions, main: outside.main },
);
