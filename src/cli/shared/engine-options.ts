import { Option } from 'commander';
import type { Lacking } from '../../engine.ts';
import { PROFILES } from '../../liveness/profiles.ts';
import { CAPTURE_NAMES } from '../../liveness/quality/capture.ts';
import type { Profile } from '../../liveness/types.ts';

/** `--profile`, for every command that judges here. */
export function profileOption(): Option {
  return new Option(
    '--profile <name>',
    'careful: five network runs a picture; fast: three; single: nine of one network (default: careful, or single where the networks of the others are missing)',
  ).choices(PROFILES);
}

/** `--capture`, for every command that judges here; `others` are choices beside the presets. */
export function captureOption(...others: readonly string[]): Option {
  return new Option(
    '--capture <preset>',
    'capture preset, what a picture must offer before it is judged: lenient, what the networks need; standard and strict, also face size, space around it, pose and picture size (default: lenient)',
  ).choices([...CAPTURE_NAMES, ...others]);
}

/** `--models`, the folder of the built-in weights. */
export function modelsOption(): Option {
  return new Option('--models <folder>', "folder of the weight files (default: the package's own models/)");
}

/** `--pack`, a folder with a model of the operator's own; collects all that are given. */
export function packOption(): Option {
  return new Option('--pack <folder>', 'a model of your own to add to the fusion; may be repeated')
    .argParser((folder: string, all: readonly string[]) => [...all, folder])
    .default([] as readonly string[]);
}

/** One line about networks that are not in place, with what mends it. */
export function lackingLine(profile: Profile, { networks, profiles, command }: Lacking): string {
  const other = profiles.map((name) => `"${name}"`).join(' and ');
  return `${networks.join(' and ')} are not in place: judging with the profile "${profile}", ${other} cannot be used. Run "${command}" to fetch them.`;
}
