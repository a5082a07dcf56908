import { homedir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { compareFiles } from '../../evaluation/compare-files.ts';
import { readText } from '../../evaluation/data/read-files.ts';
import { machine, measurePictures, measureScores } from '../../evaluation/measured.ts';
import { checkOutputs, provenanceOf, sha256, writeFiles, writeOutput } from '../../evaluation/outputs.ts';
import { openPictureSystem, type PictureSystem } from '../../evaluation/pictures/system.ts';
import { comparisonHtml } from '../../evaluation/report/html.ts';
import type { Origin } from '../../evaluation/request.ts';
import { UsageError } from '../../faults.ts';
import { createLeftOutTally } from '../../picture/left-out.ts';
import { shellWord } from '../shared/curl.ts';
import { lackingLine } from '../shared/engine-options.ts';
import { print, say } from '../shared/printable.ts';
import { tellLeftOut } from '../shared/tell-left-out.ts';
import { version } from '../shared/version.ts';
import { printComparison } from './compare.ts';
import type { EvaluateFlags } from './options.ts';
import { printAttempts, printEvaluation, printProtocol, printReviewLimits, printTraps } from './print.ts';

function checkInputs(pictures: string | undefined, flags: EvaluateFlags): void {
  const given = [pictures, flags.scores, flags.compare].filter((value) => value !== undefined).length;
  if (given !== 1) {
    throw new UsageError(
      'input',
      `Expected one of: a folder or index file, --scores FILE, or --compare A B; found ${given === 0 ? 'none' : `${given} of them`}.`,
    );
  }
  if (flags.compare !== undefined && flags.compare.length !== 2) {
    throw new UsageError('input', `--compare: expected two score files, found ${flags.compare.length}.`);
  }
  if (flags.compare !== undefined && flags.protocol !== undefined) {
    throw new UsageError('input', '--protocol measures one system: leave out --compare.');
  }
  if (flags.together !== undefined && (flags.scores !== undefined || flags.compare !== undefined)) {
    throw new UsageError(
      'input',
      '--together needs pictures: save the scores of attempts with --save-scores.',
    );
  }
  if (flags.together !== undefined && flags.robustness !== undefined) {
    throw new UsageError('input', '--robustness judges single pictures: leave out --together.');
  }
  if (flags.scores !== undefined && flags.robustness !== undefined) {
    throw new UsageError('input', '--robustness needs pictures, not scores.');
  }
  if ((flags.dev !== undefined || flags.folds !== undefined) && flags.chooseThreshold === undefined) {
    throw new UsageError(
      'input',
      '--dev and --folds say what a threshold is chosen on: add --choose-threshold RULE.',
    );
  }
  if (flags.dev !== undefined && flags.folds !== undefined) {
    throw new UsageError('input', 'Expected --dev or --folds, found both.');
  }
  if (flags.threshold !== undefined && flags.chooseThreshold !== undefined) {
    throw new UsageError('input', 'Expected --threshold or --choose-threshold, found both.');
  }
}

/** Measures, compares, writes and prints as the command line says. */
export async function runEvaluation(pictures: string | undefined, flags: EvaluateFlags): Promise<void> {
  checkInputs(pictures, flags);
  await checkOutputs(flags, flags.compare !== undefined);
  if (flags.compare !== undefined) {
    await runComparison(flags.compare[0], flags.compare[1], flags);
    return;
  }
  const leftOut = createLeftOutTally();
  const system = flags.scores === undefined ? await systemOf(flags) : null;
  try {
    const measured =
      system === null
        ? await measureScores(flags.scores!, flags)
        : await measurePictures(pictures!, system, flags, leftOut);
    const written = await writeFiles(measured, flags, origin());
    const { evaluation } = measured.full;
    print(
      flags.json
        ? `${JSON.stringify(machine(measured, version), null, 2)}\n`
        : printAttempts(measured.attempts) +
            printEvaluation(evaluation) +
            printReviewLimits(measured.rows) +
            printProtocol(measured.protocol) +
            printTraps(measured.traps, measured.robustness),
    );
    tellWritten(written);
  } finally {
    tellLeftOut(leftOut);
    await system?.close();
  }
}

async function runComparison(a: string, b: string, flags: EvaluateFlags): Promise<void> {
  const comparison = await compareFiles(a, b, flags);
  if (flags.report !== undefined) {
    const hashes = await Promise.all([a, b].map(async (file) => sha256(await readText(file))));
    const provenance = { ...provenanceOf(`${a}, ${b}`, [], null, origin()), scoresSha256: hashes.join(', ') };
    await writeOutput(flags.report, comparisonHtml(comparison, provenance), flags);
  }
  print(flags.json ? `${JSON.stringify(comparison, null, 2)}\n` : printComparison(comparison));
  tellWritten(flags.report === undefined ? [] : [flags.report]);
}

/** Names the files that were made, on standard error. */
function tellWritten(files: readonly string[]): void {
  if (files.length > 0) say(`Written: ${files.join(', ')}\n`);
}

const origin = (): Origin => ({
  version,
  command: ['livestill', ...process.argv.slice(2)].map(shellWord).join(' '),
});

function systemOf(flags: EvaluateFlags): Promise<PictureSystem> {
  return openPictureSystem({
    profile: flags.profile,
    capture: flags.capture,
    packs: flags.pack,
    modelsDir: flags.models,
    cacheFolder: cacheFolder(flags),
    ignoreQuality: flags.ignoreQuality === true,
    seed: flags.seed,
    version,
    progress,
    onLacking: (profile, lacking) => say(`livestill: ${lackingLine(profile, lacking)}\n`),
  });
}

function cacheFolder(flags: EvaluateFlags): string | null {
  if (flags.cache === false) return null;
  if (typeof flags.cache === 'string') return flags.cache;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'livestill');
}

function progress(step: string, total: number): { step(): void; end(): void } {
  if (process.stderr.isTTY !== true || total < 10) return { step() {}, end() {} };
  const bar = new SingleBar({
    format: ` ${step} {bar} {value}/{total}  {eta_formatted} left`,
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return { step: () => bar.increment(), end: () => bar.stop() };
}
