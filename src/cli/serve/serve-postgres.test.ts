import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { blankPicture } from '../../fleet/warm-up.ts';
import { serverOfTests, whyNoServer } from '../../store/postgres/test-support/server.ts';
import { temporaryFolder } from '../../store/test-support/temp-store.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';
import { serve } from './serve.ts';

afterEach(() => vi.unstubAllEnvs());

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;
const password = 'thesecretword';

describe.skipIf(whyNoServer !== null)(`a service on PostgreSQL${title}`, () => {
  const of = serverOfTests();

  it('answers a signed call and keeps it; without the server it answers 107; nowhere stands the password', async () => {
    const url = (await of.server.newDatabase()).replace('livestill@', `livestill:${password}@`);
    const data = join(await temporaryFolder(), 'data');
    const environment = {
      LIVESTILL_STORE: url,
      LIVESTILL_NODE: 'one',
      LIVESTILL_PROFILE: 'fast',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(await livestill('migrate', 'status', '--data', data)).toMatchObject({ status: 1 });
    expect(await livestill('migrate', 'up', '--data', data)).toMatchObject({ status: 0 });
    expect((await livestill('migrate', 'status', '--data', data)).out).toMatch(/fit for this version +yes/);

    const signals = new EventEmitter();
    const lines: Record<string, unknown>[] = [];
    const said: string[] = [];
    const exits: number[] = [];
    const status = await serve(
      { data, port: 0, adminPort: 0, workers: 1 },
      {
        environment,
        log: { write: (line: string) => void lines.push(JSON.parse(line)) },
        terminal: { log: false, said: true },
        say: (text) => void said.push(text),
        on: (event, handler) => void signals.on(event, handler),
        exit: (code) => void exits.push(code),
        flush: () => {},
      },
    );
    expect(status).toBe(0);
    const { port, adminPort } = lines.find(({ event }) => event === 'ready') as Record<string, number>;
    const appid = String(/appid {6}(\d+)/.exec(String(said[0]))?.[1]);
    const call = async () => {
      const sign = await livestillJson<{ signature: string }>('sign', '--data', data, '--appid', appid);
      const form = new FormData();
      form.set('appid', appid);
      form.set('image', new Blob([Uint8Array.from(blankPicture())]));
      const headers = { authorization: sign.signature };
      const answer = () =>
        fetch(`http://127.0.0.1:${port}/face/livedetectpicture`, { method: 'POST', headers, body: form });
      return answer;
    };
    const first = await (await call())();
    expect(await first.json()).toMatchObject({ code: -4015 });
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);
    const rows = await livestillJson<{ code: number }[]>('ledger', 'show', '--data', data);
    expect(rows).toMatchObject([{ code: -4015 }]);
    expect((await livestill('ledger', 'verify', '--data', data)).out).toContain(
      'Decisions of the node one: 1 row as written',
    );

    const signed = await call();
    await of.server.down();
    expect([107, 108]).toContain(((await (await signed()).json()) as { code: number }).code);
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(503);
    await of.server.up();
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);
    expect(await (await (await call())()).json()).toMatchObject({ code: -4015 });
    signals.emit('SIGTERM');
    await expect.poll(() => exits).toEqual([0]);
    const shown = (await livestill('config', 'print')).out + JSON.stringify(lines) + said.join('');
    expect(shown).toMatch(/^store +\(hidden\) +LIVESTILL_STORE$/m);
    expect(shown).not.toContain(password);
    const log = await livestill('log', 'admin', '--data', data, '--json');
    expect(log.out).toContain('service.start');
    expect(log.out).not.toContain(password);
    expect(await livestill('backup', '--to', join(data, 'x.tar'), '--data', data)).toMatchObject({
      status: 2,
    });
  });
});
