import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };

/** Programs of other projects that the pages use as they are. */
const OTHERS = new Set(
  (
    'cat cosign cp curl docker helm kubectl openssl pg_dump pg_restore pnpm podman printf python3 rm setcap ssh systemctl ' +
    'update-ca-certificates useradd yarn'
  ).split(' '),
);
/** What npm itself does. */
const NPM = new Set(['audit', 'ci', 'install', 'pack', 'test']);

/** Words that stand for something: `APPID`, `…`, `FOLDER`. */
const standsFor = (word: string) => /…|^[A-Z][A-Z-]*$/.test(word);

function optionOf(place: Command, word: string) {
  const [name] = word.split('=');
  for (let at: Command | null = place; at !== null; at = at.parent) {
    const found = at.options.find((option) => option.long === name || option.short === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is wrong with the words behind `livestill`, or nothing. */
function wrongWords(program: Command, words: readonly string[]): string | undefined {
  let place = program;
  let given = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === '…') continue;
    const next = given === 0 ? place.commands.find((one) => one.name() === word) : undefined;
    if (next !== undefined) place = next;
    else if (word.startsWith('-') && word !== '-') {
      if (['--help', '-h', '--version'].includes(word)) continue;
      const option = optionOf(place, word);
      if (option === undefined) return `${place.name()} has no option ${word}`;
      if ((option.required || option.optional) && !word.includes('=')) at += 1;
      if (option.variadic) while (at + 1 < words.length && !words[at + 1].startsWith('-')) at += 1;
    } else if (place === program && word === 'help') return undefined;
    else if (place.commands.length > 0 && place.registeredArguments.length === 0 && !standsFor(word)) {
      return `${place.name()} has no command ${word}`;
    } else given += 1;
  }
  const most = place.registeredArguments.some(({ variadic }) => variadic)
    ? Infinity
    : place.registeredArguments.length;
  return given > most && place.commands.length === 0 ? `${place.name()} takes ${most} arguments` : undefined;
}

/**
 * What is wrong with a command of a page: an unknown command, option, script or file, or nothing.
 *
 * @param program the whole command line, see `createProgram`
 * @param words the command's words, without quotes
 */
export function commandTrouble(program: Command, words: readonly string[]): string | undefined {
  const [name, ...rest] = words.filter((word, at) => !(at === 0 && /^[A-Z_]+=/.test(word)));
  if (name === 'npx' && rest[0] === 'livestill') return wrongWords(program, rest.slice(1));
  if (name === 'livestill') return wrongWords(program, rest);
  if (name === 'npm') {
    if (rest[0] === 'start')
      return wrongWords(program, ['serve', ...rest.filter((word) => word !== '--').slice(1)]);
    if (rest[0] === 'run') return Object.hasOwn(scripts, rest[1]) ? undefined : `no script ${rest[1]}`;
    return NPM.has(rest[0]) ? undefined : `npm ${rest[0]}?`;
  }
  if (name === 'node') {
    if (rest[0] === 'bin/livestill.js') return wrongWords(program, rest.slice(1));
    return existsSync(join(root, rest[0])) ? undefined : `no file ${rest[0]}`;
  }
  return OTHERS.has(name) ? undefined : `no program ${name}`;
}
