import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { blankPicture } from '../../src/fleet/warm-up.ts';
import { signText } from '../contract/support/accounts.ts';
import {
  livestill,
  type MadeApp,
  makeApp,
  type ServiceProcess,
  serve,
  withFolder,
} from '../contract/support/process.ts';
import { smallPhoto } from '../support/pictures.ts';

/*
 * The service is killed with SIGKILL at random moments under load, again and again on the same data folder. Whatever was answered
 * must be in the ledger, and a single-use signature that was answered must stay used.
 */

const kills = 50;
/** Requests on the way at any moment. */
const parallel = 6;
/** The kill comes after a random number of answers below this one, and a random moment of the next milliseconds. */
const answersBefore = 15;
const moment = 30;

let pictures: readonly Buffer[];
beforeAll(async () => {
  const small = await smallPhoto();
  const none = Buffer.from('not a picture');
  // A face or several, none, and no picture at all: code 0, -4015 and -4016. What takes no judging comes most: more rows are on their
  // way at any moment.
  pictures = [none, small, none, none, Buffer.from(blankPicture()), none, none];
});

interface Sender {
  readonly app: MadeApp;
  /** What was answered, by request id: the code. */
  readonly answered: Map<string, number>;
}

/** Whether a request with this answer was judged, and so must have its row. */
const isJudged = (code: number) => code === 0 || code === -4015 || code === -4016;

async function send(port: number, sender: Sender, sign: string, at: number): Promise<number> {
  const requestId = randomUUID();
  const form = new FormData();
  form.set('image', new Blob([Uint8Array.from(pictures[at % pictures.length] as Buffer)]));
  form.set('appid', sender.app.appid);
  const answer = await fetch(`http://127.0.0.1:${port}/face/livedetectpicture`, {
    method: 'POST',
    headers: { authorization: sign, 'x-request-id': requestId },
    body: form,
  });
  const { code } = (await answer.json()) as { code: number };
  // From here on the caller has its answer.
  sender.answered.set(requestId, code);
  return code;
}

function signatureOf({ appid, secretId, secretKey }: MadeApp, once: boolean): string {
  const now = Math.floor(Date.now() / 1000);
  const fileid = once ? randomUUID() : '';
  const plain = `a=${appid}&k=${secretId}&e=${once ? 0 : now + 600}&t=${now}&r=1&f=${fileid}`;
  return signText(plain, secretKey);
}

/** Keeps `parallel` requests on the way until the service is gone, killed after `answers` answers. */
async function load(service: ServiceProcess, sender: Sender, used: string[], answers: number): Promise<void> {
  let gone = false;
  let left = answers;
  const kill = () => setTimeout(() => service.child.kill('SIGKILL'), Math.random() * moment);
  if (left === 0) kill();
  void service.ended.then(() => {
    gone = true;
  });
  const lane = async (start: number) => {
    for (let at = start; !gone; at++) {
      const once = at % 4 === 0;
      const sign = signatureOf(sender.app, once);
      const code = await send(service.port, sender, sign, at).catch(() => null);
      if (code === null || !isJudged(code)) continue;
      if (once) used.push(sign);
      if (--left === 0) kill();
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, at) => lane(at)));
}

/** Request id and code of every row. */
async function ledgerOf(data: string): Promise<[string, number][]> {
  const run = livestill(['ledger', 'export', '--data', data]);
  expect([await run.ended, run.stderr()]).toEqual([0, '']);
  const lines = run.stdout().trimEnd().split('\n');
  return lines.map((line) => {
    const { requestId, code } = JSON.parse(line) as { requestId: string; code: number };
    return [requestId, code];
  });
}

const name = `${kills} times killed under load: every answered request has its row, every used signature stays used`;

it(name, { timeout: 900_000 }, () =>
  withFolder(async (folder) => {
    const data = join(folder, 'data');
    const sender: Sender = { app: await makeApp(data), answered: new Map() };
    const replayed: number[] = [];
    let used: string[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const service = await serve(data, ['--workers', '1'], { LIVESTILL_PROFILE: 'fast' });
      // Used before the last kill: its memory must have survived it.
      const last = used.at(-1);
      if (last !== undefined) replayed.push(await send(service.port, sender, last, 0));
      used = [];
      await load(service, sender, used, Math.floor(Math.random() * answersBefore));
      expect(await service.ended).toBe('SIGKILL');
    }
    const all = await ledgerOf(data);
    const rows = new Map(all);
    const doubled = all.length - rows.size;
    const judged = [...sender.answered].filter(([, code]) => isJudged(code));
    const missing = judged.filter(([requestId, code]) => rows.get(requestId) !== code);
    console.log(
      `${kills} kills: ${judged.length} judged requests answered, ${rows.size} rows, ${missing.length} missing, ` +
        `${doubled} doubled; ${replayed.length} used signatures tried again, all refused`,
    );
    expect(missing).toEqual([]);
    expect(doubled).toBe(0);
    expect(new Set(replayed)).toEqual(new Set([13]));
    expect([...new Set(judged.map(([, code]) => code))].sort()).toEqual([-4015, -4016, 0]);
    expect(judged.length).toBeGreaterThan(kills);
  }),
);
