import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { withFolder } from '../contract/support/process.ts';
import { describeWhere } from '../support/only-where.ts';

const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));

describeWhere(existsSync('/dev/full'), 'needs /dev/full')('a log on a full disk (/dev/full)', () => {
  it('costs its lines alone: the service starts, answers, says so, and ends when asked', () =>
    withFolder(async (folder) => {
      const command = 'exec "$0" "$1" serve --data "$2" --port 0 --admin-port 0 --workers 1 > /dev/full';
      const child = spawn('bash', ['-c', command, process.execPath, program, folder], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, LIVESTILL_PROFILE: 'fast' },
      });
      const ended = once(child, 'exit');
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      try {
        await expect.poll(() => /service +http\S+/.test(said)).toBe(true);
        const url = /service +(http\S+)/.exec(said)?.[1] ?? '';
        for (let calls = 0; calls < 3; calls++) {
          const answer = await fetch(url, { method: 'POST', body: '{}' });
          expect(await answer.json()).toMatchObject({ code: 3 });
        }
        expect(said).toMatch(/livestill: the log cannot be written \(ENOSPC/);
        child.kill('SIGTERM');
        expect(await ended).toEqual([0, null]);
      } finally {
        child.kill('SIGKILL');
      }
    }));
});
