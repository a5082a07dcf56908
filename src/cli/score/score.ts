import { basename } from 'node:path';
import type { Command } from 'commander';
import { createLiveness, type JudgedPicture } from '../../engine.ts';
import { drawExplanation } from '../../explain/explain.ts';
import { explainFolder, writeExplanation } from '../../explain/write.ts';
import type { JudgedStill } from '../../liveness/stills/together.ts';
import { DEFAULT_THRESHOLD } from '../../liveness/threshold.ts';
import type { CapturePreset, Profile } from '../../liveness/types.ts';
import { expandInputs, type PictureInput } from '../../picture/inputs.ts';
import { createLeftOutTally } from '../../picture/left-out.ts';
import { scoreNumber } from '../shared/arguments.ts';
import {
  captureOption,
  lackingLine,
  modelsOption,
  packOption,
  profileOption,
} from '../shared/engine-options.ts';
import { EXIT_STATUS } from '../shared/exit-status.ts';
import { print, say } from '../shared/printable.ts';
import { tellLeftOut } from '../shared/tell-left-out.ts';
import { judgeInput } from './result.ts';
import { humanOutput } from './table.ts';
import { checkStills, printTogether } from './together.ts';

interface ScoreOptions {
  readonly json?: true;
  readonly together?: true;
  readonly threshold?: number;
  readonly profile?: Profile;
  readonly capture?: CapturePreset;
  readonly explain?: string;
  readonly models?: string;
  readonly pack: readonly string[];
}

/** Adds `livestill score` to the program. Exit status: 0 all judged, 1 some failed, 2 wrong use. */
export function registerScore(program: Command): void {
  program
    .command('score')
    .description('judge pictures: live person, or a picture of a picture?')
    .argument('<picture...>', 'files, folders (with all below them), or - for standard input')
    .option('--json', 'one JSON object a line, one line a picture, in the order given')
    .option('--together', 'two to five stills of one moment: one verdict on all of them, after those of each')
    .option(
      '--threshold <number>',
      `scores above it are live, 0-100 (default: ${DEFAULT_THRESHOLD})`,
      scoreNumber,
    )
    .addOption(profileOption())
    .addOption(captureOption())
    .option(
      '--explain <folder>',
      'write each picture with box, key points, crops, quality and score drawn on it',
    )
    .addOption(modelsOption())
    .addOption(packOption())
    .addHelpText(
      'after',
      `
JPEG, PNG, WebP, BMP, HEIC and AVIF are judged; what a file is, is told by its content. Of a folder all
pictures are judged, whatever their names; other files are counted and named on standard error.

Score 0-100: above the threshold the picture is taken for a live person. A verdict of poor_quality or
no_face means "not judged", never "attack", and has no score: take a better picture. RAW is what the
networks gave all the same. "live, review" and "attack, review" mean that the networks do not back the
verdict: have a person look, or take another picture.

With --together the last line is the verdict on all: the mean of what the networks gave for those that are
fit, and whether the stills go together.

With --json a line is {"file","code","message","verdict","score","review","rawScore",…} with the whole judgement.
code is 0 for a judged picture, -4015 no face, -4016 no usable picture, -5805 the file cannot be
read. --explain overwrites nothing: where a name is taken, the next one gets a number.

Exit status: 0 all were judged, 1 some were not, 2 wrong use.

Examples:
  livestill score selfie.jpg
  livestill score --json photos/ > scores.ndjson
  curl -s https://intranet/photo.jpg | livestill score -
  livestill score --explain why/ door-camera/*.jpg
  livestill score --capture strict selfies/
  livestill score --together first.jpg second.jpg third.jpg`,
    )
    .action((paths: string[], options: ScoreOptions) => score(paths, options));
}

async function score(paths: readonly string[], options: ScoreOptions): Promise<void> {
  const leftOut = createLeftOutTally();
  const inputs = await expandInputs(paths, process.stdin, leftOut.add);
  tellLeftOut(leftOut);
  if (inputs.length === 0) {
    say('livestill: no pictures there\n');
    process.exitCode = EXIT_STATUS.failed;
    return;
  }
  if (options.together) checkStills(inputs.length);
  if (options.explain !== undefined) await explainFolder(options.explain);
  const engine = await createLiveness({
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.capture === undefined ? {} : { capture: options.capture }),
    packs: options.pack,
    ...(options.threshold === undefined ? {} : { threshold: options.threshold }),
    ...(options.models === undefined ? {} : { modelsDir: options.models }),
  });
  if (engine.lacking !== null && options.profile === undefined) {
    say(`livestill: ${lackingLine(engine.profile, engine.lacking)}\n`);
  }
  const human = options.json ? null : humanOutput(inputs);
  const explainer = (folder: string, input: PictureInput) => async (judged: JudgedPicture) => {
    const drawn = await drawExplanation(judged.picture, judged.judgement, basename(input.name));
    await writeExplanation(folder, input.name, drawn);
  };
  const verdicts = new Map<string, number>();
  const stills: JudgedStill[] = [];
  let failed = 0;
  let review = 0;
  try {
    for (const input of inputs) {
      const explain = options.explain === undefined ? null : explainer(options.explain, input);
      const { result, still } = await judgeInput(engine, input, explain, options.together === true);
      if (still !== null) stills.push(still);
      if (result.code !== 0) failed++;
      if (result.review === true) review++;
      if (result.judged) verdicts.set(result.verdict, (verdicts.get(result.verdict) ?? 0) + 1);
      if (human !== null) human.row(result);
      else {
        const { judged: _, ...line } = result;
        print(`${JSON.stringify(line)}\n`);
      }
    }
  } finally {
    await engine.close();
  }
  human?.end(verdicts, failed, review);
  if (options.together && stills.length === inputs.length) printTogether(stills, human !== null);
  if (failed > 0) process.exitCode = EXIT_STATUS.failed;
}
