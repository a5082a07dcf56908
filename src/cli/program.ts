import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { registerApp } from './app.ts';
import { registerBatch } from './batch.ts';
import { registerConfig } from './config.ts';
import { registerEvaluate } from './evaluate.ts';
import { registerKey } from './key.ts';
import { registerLedger } from './ledger.ts';
import { registerModels } from './models.ts';
import { registerScore } from './score.ts';
import { registerServe } from './serve.ts';
import { registerSign } from './sign.ts';
import { registerSimulate } from './simulate.ts';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/**
 * The whole command line on `program`. Wrong use throws a `CommanderError` instead of ending the process; commands set
 * `process.exitCode` themselves.
 */
export function createProgram(program: Command): Command {
  program
    .name('livestill')
    .description('Tells a live person from a picture of a picture, out of one still photo.')
    .version(manifest.version, '-v, --version')
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride()
    .addHelpText(
      'after',
      `
First steps:
  livestill serve                    run the service; prints an app, its keys and a first call
  livestill score selfie.jpg         judge a picture here and now
  livestill sign --help              make a signature, or see what is wrong with one

Documentation: README.md and docs/ in the package.`,
    );
  registerServe(program);
  registerScore(program);
  registerBatch(program);
  registerApp(program);
  registerKey(program);
  registerSign(program);
  registerLedger(program);
  registerConfig(program);
  registerModels(program);
  registerEvaluate(program);
  registerSimulate(program);
  return program;
}
