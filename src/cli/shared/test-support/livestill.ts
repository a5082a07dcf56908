import { Writable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { registerApp } from '../../accounts/app.ts';
import { registerKey } from '../../accounts/key.ts';
import { registerSign } from '../../accounts/sign.ts';
import { registerBackup } from '../../backup/backup.ts';
import { registerRestore } from '../../backup/restore.ts';
import { registerConfig } from '../../config/config.ts';
import { registerUser } from '../../console/user.ts';
import { registerLedger } from '../../ledger/ledger.ts';
import { registerLog } from '../../ledger/log.ts';
import { registerStore } from '../../store/copy.ts';
import { registerMigrate } from '../../store/migrate.ts';

/** What a command said, and its exit status. */
export interface Said {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

/** Run the commands on accounts, ledger and configuration in this process. */
export async function livestill(...args: readonly string[]): Promise<Said> {
  let out = '';
  let err = '';
  const writeOut = (text: string): void => {
    out += text;
  };
  const writeErr = (text: string): void => {
    err += text;
  };
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      writeOut(String(chunk));
      done();
    },
  });
  const program = new Command('livestill').exitOverride().configureOutput({ writeOut, writeErr });
  registerApp(program);
  registerKey(program);
  registerSign(program);
  registerUser(program);
  registerLedger(program, stdout);
  registerLog(program);
  registerConfig(program);
  registerBackup(program);
  registerRestore(program);
  registerMigrate(program);
  registerStore(program);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
    return { out, err, status: Number(process.exitCode) };
  } catch (error) {
    if (error instanceof CommanderError) return { out, err, status: error.exitCode === 0 ? 0 : 2 };
    throw error;
  } finally {
    process.exitCode = before;
  }
}

/** What the commands print with `--json`, as far as the tests look at it. */
export interface Printed {
  readonly appid: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly state: string;
  readonly limits: unknown;
  readonly policy: unknown;
  readonly signature: string;
  readonly original: string;
}

/** As `livestill`, with `--json`: the parsed output of a command that must succeed. */
export async function livestillJson<T = Printed>(...args: readonly string[]): Promise<T> {
  const { out, err, status } = await livestill(...args, '--json');
  if (status !== 0) throw new Error(`status ${status}: ${err}`);
  return JSON.parse(out) as T;
}
