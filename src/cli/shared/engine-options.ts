import { Option } from 'commander';
import type { Lacking } from '../../engine.ts';
import { PROFILES } from '../../liveness/profiles.ts';
import type { Profile } from '../../liveness/types.ts';

/** `--profile`, for every command that judges here. */
export function profileOption(): Option {
  return new Option(
    '--profile <name>',
    'careful: five network runs a picture; fast: three; single: nine of one network (default: careful, or single where the networks of the others are missing)',
  ).choices(PROFILES);
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
