import { Writable } from 'node:stream';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { someRow, temporaryFolder, temporaryStore } from '../../store/test-support/temp-store.ts';
import { registerLedger } from './ledger.ts';

/** What `ledger export` writes to a standard output that is a terminal, or none. */
async function exported(dataDir: string, format: string, isTTY: boolean): Promise<string> {
  let out = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      out += String(chunk);
      done();
    },
  });
  const program = new Command('livestill').exitOverride();
  registerLedger(program, Object.assign(stdout, { isTTY }));
  await program.parseAsync(['ledger', 'export', '--format', format, '--data', dataDir], { from: 'user' });
  return out;
}

describe.each(['csv', 'ndjson'])('ledger export as %s', (format) => {
  it('shows nothing on a terminal that acts on it, and leaves a file for programs as it is', async () => {
    const dataDir = await temporaryFolder();
    const { ledger } = await temporaryStore({ dataDir });
    await ledger.append(someRow({ source: 'url:\u009b31m\u202e', callerAddress: '192.0.2.7' }));
    const forPeople = await exported(dataDir, format, true);
    expect(forPeople).toContain('url:\\u009b31m\\u202e');
    expect(forPeople).not.toMatch(/[\u0080-\u009f\u202e]/);
    expect(await exported(dataDir, format, false)).toContain('url:\u009b31m\u202e');
  });
});
