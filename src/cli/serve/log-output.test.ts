import { describe, expect, it } from 'vitest';
import { createLogOutput, type LogFile } from './log-output.ts';

const errorOf = (code: string) => Object.assign(new Error(code), { code }) as NodeJS.ErrnoException;

/** A file that takes everything, a few bytes at a time, or fails with a code as long as there is one. */
function world(mostHeld?: number) {
  const state = { text: '', fails: null as string | null };
  const take = (bytes: Uint8Array) => {
    const some = bytes.subarray(0, 5);
    state.text += Buffer.from(some).toString('latin1');
    return some.length;
  };
  const file: LogFile = {
    write: (bytes, done) =>
      void setImmediate(() =>
        state.fails === null ? done(null, take(bytes)) : done(errorOf(state.fails), 0),
      ),
    writeSync(bytes) {
      if (state.fails !== null) throw errorOf(state.fails);
      return take(bytes);
    },
  };
  const troubles: string[] = [];
  const output = createLogOutput({
    file,
    onTrouble: (what) => troubles.push(what),
    retryMs: 1,
    ...(mostHeld === undefined ? {} : { mostHeld }),
  });
  return { state, troubles, output };
}

describe('the output of the log', () => {
  it('writes every line whole and in order, however little the system takes at once', async () => {
    const { state, output } = world();
    const lines = Array.from({ length: 200 }, (_, at) => `line ${at}\n`);
    for (const line of lines) output.write(line);
    await expect.poll(() => state.text).toBe(lines.join(''));
  });

  it('holds lines back while the disk is full, says so once, and writes them when there is room', async () => {
    const { state, troubles, output } = world();
    state.fails = 'ENOSPC';
    for (const line of ['one\n', 'two\n', 'three\n']) output.write(line);
    await expect.poll(() => troubles.length).toBe(1);
    output.flushSync();
    state.fails = null;
    await expect.poll(() => state.text).toBe('one\ntwo\nthree\n');
    expect(troubles).toEqual(['the log cannot be written (ENOSPC); 0 lines lost']);
  });

  it('holds back no more than its bound', async () => {
    const { state, output } = world(100);
    state.fails = 'ENOSPC';
    for (let at = 0; at < 1000; at++) output.write('0123456789\n');
    state.fails = null;
    await expect.poll(() => state.text.length).toBeGreaterThan(50);
    expect(state.text.length).toBeLessThan(250);
  });

  it('says nothing where its reader is gone', async () => {
    const { state, troubles, output } = world();
    state.fails = 'EPIPE';
    output.write('one\n');
    output.flushSync();
    state.fails = null;
    await expect.poll(() => state.text).toBe('one\n');
    expect(troubles).toEqual([]);
  });

  it.each(['ENOSPC', 'EAGAIN'])('is flushed in bounded time where %s stays', (code) => {
    const { state, output } = world();
    state.fails = code;
    output.write('one\n');
    output.write('two\n');
    output.flushSync();
    expect(state.text).toBe('');
    state.fails = null;
    output.flushSync();
    expect(state.text).toBe('two\n');
  });
});
