import { Option } from 'commander';

/** `--profile`, for every command that judges here. */
export function profileOption(): Option {
  return new Option('--profile <name>', 'careful: nine network runs a picture; fast: three')
    .choices(['careful', 'fast'])
    .default('careful');
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
