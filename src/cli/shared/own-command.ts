import { basename, dirname, resolve } from 'node:path';
import { shellWord } from './curl.ts';

/**
 * How a shell in the same folder starts this very program again: `livestill`, `npx livestill`, or `node` with
 * its file. `npx` is named only where it finds this program: elsewhere it would look for one in the registry.
 *
 * @param started the file that Node was started with, as in `process.argv[1]`
 */
export function ownCommand(started = process.argv[1], folder = process.cwd()): string {
  if (started === undefined) return 'livestill';
  const name = basename(started);
  if (name === 'livestill.js') {
    const isHere = resolve(folder) === dirname(dirname(resolve(folder, started)));
    return isHere ? 'npx livestill' : `node ${shellWord(resolve(folder, started))}`;
  }
  return name === 'livestill' && basename(dirname(started)) === '.bin' ? 'npx livestill' : 'livestill';
}
