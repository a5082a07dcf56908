import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../store/test-support/temp-store.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';

afterEach(() => vi.unstubAllEnvs());

async function fileWith(content: unknown): Promise<string> {
  const path = join(await temporaryFolder(), 'livestill.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe('livestill config', () => {
  it('check says what is set, or that nothing is', async () => {
    expect(await livestill('config', 'check')).toMatchObject({
      status: 0,
      out: 'The configuration can be used: all defaults.\n',
    });
    vi.stubEnv('LIVESTILL_PORT', '9000');
    const { out, status } = await livestill('config', 'check', '--config', await fileWith({ threshold: 90 }));
    expect([status, out]).toEqual([
      0,
      'The configuration can be used. Set:\n  port  (LIVESTILL_PORT)\n  threshold  (file)\n',
    ]);
  });

  it('check names every problem, with status 2', async () => {
    const { err, status, out } = await livestill(
      'config',
      'check',
      '--config',
      await fileWith({ prot: 1, threshold: 900 }),
    );
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('prot: there is no such setting. Did you mean port?');
    expect(err).toContain('threshold (file): expected a number from 0 to 100, found 900');
  });

  it('check names every file that is missing or wrong, with status 2', async () => {
    const { err, status } = await livestill(
      'config',
      'check',
      '--config',
      await fileWith({
        tls: { cert: 'missing.crt', key: 'missing.key' },
        operatingPoints: 'livestill.json',
        models: { dir: 'no-models', packs: ['livestill.json'] },
      }),
    );
    expect(status).toBe(2);
    expect(err).toMatch(/tls\.cert, tls\.key: .*missing\.crt/);
    expect(err).toMatch(/operatingPoints: .*livestill\.json/);
    expect(err).toMatch(
      /models\.dir: expected a folder, found nothing that can be read at .*no-models \(ENOENT\)/,
    );
    expect(err).toMatch(/models\.packs: expected a folder, found a file at .*livestill\.json/);
  });

  it('print shows every value and its source, and hides the master key', async () => {
    vi.stubEnv('LIVESTILL_MASTER_KEY', 'ab'.repeat(32));
    const { out } = await livestill('config', 'print');
    expect(out).toMatch(/^masterKey +\(hidden\) +LIVESTILL_MASTER_KEY$/m);
    expect(out).toMatch(/^port +8787 +default$/m);
    expect(out).not.toContain('abab');
    expect(JSON.stringify(await livestillJson('config', 'print'))).not.toContain('abab');
  });
});
