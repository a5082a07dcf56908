import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { makeSet } from '../../evaluation/simulate/make-set.ts';
import { parseKinds, type SimulatedKind } from '../../evaluation/simulate/simulate.ts';
import { UsageError } from '../../faults.ts';
import { pathOfArgument, pathText } from '../../files/name.ts';
import { isTaken } from '../../files/write.ts';
import { picturesIn } from '../../picture/inputs.ts';
import { createLeftOutTally } from '../../picture/left-out.ts';
import { count } from '../../report/count.ts';
import { numberWithin } from '../shared/arguments.ts';
import { EXIT_STATUS } from '../shared/exit-status.ts';
import { print, printableName, say } from '../shared/printable.ts';
import { tellLeftOut } from '../shared/tell-left-out.ts';

interface SimulateFlags {
  readonly out: string;
  readonly overwrite?: true;
  readonly kinds: readonly SimulatedKind[];
  readonly seed: number;
  readonly strength: readonly number[];
  readonly size: number;
  readonly subject: 'file' | 'folder' | 'none';
}

function kinds(text: string): SimulatedKind[] {
  try {
    return parseKinds(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function strengths(text: string): number[] {
  return text.split(',').map(numberWithin(0, 1));
}

function subjectRule(text: string): SimulateFlags['subject'] {
  if (text === 'file' || text === 'folder' || text === 'none') return text;
  throw new InvalidArgumentError('Expected file, folder or none.');
}

/**
 * Adds `livestill simulate` to the program. Exit status: 0 made, 1 some sources could not be decoded, 2 wrong
 * use.
 */
export function registerSimulate(program: Command): void {
  program
    .command('simulate')
    .description('make SIMULATED prints and screen replays of pictures of live people, for tests')
    .argument('<picture...>', 'bona fide pictures: files, or folders with all below them')
    .requiredOption('--out <folder>', 'where the set is written, with index.ndjson')
    .option('--kinds <list>', 'kinds with commas, or all', kinds, parseKinds('all'))
    .option('--seed <n>', 'the same seed makes the same files', numberWithin(0, 2 ** 32 - 1, true), 1)
    .option('--strength <list>', 'how much of the medium shows, 0-1; several with commas', strengths, [1])
    .option('--size <pixels>', 'longer side of the pictures made', numberWithin(320, 2560, true), 960)
    .option('--subject <rule>', 'a subject is a file, a folder, or none (unknown)', subjectRule, 'file')
    .option('--overwrite', 'replace the set of an earlier run in that folder; else it is never touched')
    .addHelpText(
      'after',
      `
Kinds: print-laser (halftone of four inks), print-inkjet (scattered dots), print-photo (glossy),
print-bent (halftone, bent, glossy), screen-phone, screen-tablet, screen-monitor (pixel stripes,
moire through the camera's own grid, gamut, glare, bezel). Then the camera: blur, noise, white
balance, JPEG.

Simulated pictures test mechanics and monotonicity. They do not replace captured attacks, and
error rates made from them are not those of the system.

Exit status: 0 made, 1 some pictures could not be decoded, 2 wrong use.

Examples:
  livestill simulate bona-fide/ --out simulated/ --kinds print-laser,screen-phone
  livestill evaluate simulated/index.ndjson --report simulated.html`,
    )
    .action((paths: string[], flags: SimulateFlags) => run(paths, flags));
}

async function run(paths: readonly string[], flags: SimulateFlags): Promise<void> {
  if (flags.overwrite !== true && (await isTaken(join(flags.out, 'index.ndjson')))) {
    throw new UsageError(
      'file_exists',
      `${flags.out} has the set of an earlier run (index.ndjson): expected another folder, or --overwrite`,
    );
  }
  const sources = [];
  const leftOut = createLeftOutTally();
  for (const argument of paths) {
    const path = pathOfArgument(argument);
    const found = await stat(path).catch(() => null);
    if (found === null) throw new UsageError('unreadable', `${argument}: there is no such file or folder.`);
    if (found.isDirectory()) sources.push(...(await picturesIn(path, leftOut.add)));
    else sources.push({ name: basename(pathText(path)), path });
  }
  tellLeftOut(leftOut);
  const names = new Set<string>();
  for (const { name, path } of sources) {
    if (names.has(name))
      throw new UsageError(
        'same_name',
        `${pathText(path)}: another source has the name ${name} too; give their common folder.`,
      );
    names.add(name);
  }
  if (sources.length === 0) throw new UsageError('empty', 'There are no pictures there.');
  const { rows, skipped } = await makeSet(sources, flags.out, {
    ...flags,
    strengths: flags.strength,
    subjectOf: ({ name }) =>
      flags.subject === 'none' ? null : flags.subject === 'folder' ? dirname(name) : name,
    onDone: (name) => say(`${printableName(name)}\n`),
  });
  for (const path of skipped) say(`livestill: left out ${printableName(path)}\n`);
  const attacks = rows.filter((row) => row.label === 'attack').length;
  print(
    `${count(attacks, 'SIMULATED attack picture')} of ${count(rows.length - attacks, 'source')} in ${flags.out}; index: index.ndjson\n`,
  );
  if (skipped.length > 0) process.exitCode = EXIT_STATUS.failed;
}
