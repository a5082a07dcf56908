import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { livestill, type MadeApp, type ServiceProcess, serve } from '../../contract/support/process.ts';
import { smallPhoto } from '../../support/pictures.ts';

/** One call and what came of it. */
export interface Called {
  readonly api: 'legacy' | 'v1';
  readonly node: number;
  readonly requestId: string;
  /** When it was sent, in ms of `performance.now()`, and how long until its answer. */
  readonly at: number;
  readonly ms: number;
  /** The HTTP status; null where the connection gave no answer. */
  readonly http: number | null;
  /** The old call's code, or the problem's kind; `judged` of the v1 API. */
  readonly answer: number | string | null;
}

/** Services on one store, as one installation. */
export interface StoreFleet {
  readonly nodes: ServiceProcess[];
  readonly app: MadeApp;
  readonly apiKey: string;
  /** Starts the node again in the place of one that ended. */
  restart(node: number): Promise<void>;
  /** Every row's request id and code. */
  rows(): Promise<ReadonlyMap<string, number>>;
  /** What `livestill ledger verify` says, and its exit status. */
  verify(): Promise<{ readonly status: number | string; readonly said: string }>;
  stop(): Promise<void>;
}

/** Services with these settings besides the store's, each with a data folder of its own. */
export async function startFleet(
  folder: string,
  store: string,
  count: number,
  more: Readonly<Record<string, string>> = {},
): Promise<StoreFleet> {
  const environment = (node: number): Record<string, string> => ({
    LIVESTILL_STORE: store,
    LIVESTILL_NODE: `node-${node}`,
    LIVESTILL_MASTER_KEY: masterKey,
    LIVESTILL_PROFILE: 'fast',
    LIVESTILL_POSTGRES_CONNECT_TIMEOUT_MS: '1000',
    LIVESTILL_POSTGRES_STATEMENT_TIMEOUT_MS: '1000',
    ...more,
  });
  const masterKey = randomBytes(32).toString('base64');
  const dataOf = (node: number) => join(folder, `node-${node}`);
  const command = async (...args: string[]) => {
    const run = livestill([...args, '--data', dataOf(0)], environment(0));
    const status = await run.ended;
    return { status, out: run.stdout(), err: run.stderr() };
  };
  const made = async <T>(...args: string[]): Promise<T> => {
    const { status, out, err } = await command(...args);
    if (status !== 0) throw new Error(err);
    return JSON.parse(out) as T;
  };
  mkdirSync(dataOf(0), { recursive: true });
  const migrated = await command('migrate', 'up');
  if (migrated.status !== 0) throw new Error(migrated.err);
  const app = await made<MadeApp>('app', 'create', '--json');
  const { apiKey } = await made<{ apiKey: string }>('key', 'create', app.appid, '--kind', 'api', '--json');
  const start = (node: number) => serve(dataOf(node), ['--workers', '1'], environment(node));
  const nodes = await Promise.all(Array.from({ length: count }, (_, node) => start(node)));
  return {
    nodes,
    app,
    apiKey,
    async restart(node) {
      nodes[node] = await start(node);
    },
    async rows() {
      const { status, out, err } = await command('ledger', 'export');
      if (status !== 0) throw new Error(err);
      const lines = out.split('\n').filter(Boolean);
      const rows = lines.map((line) => JSON.parse(line) as { requestId: string; code: number });
      return new Map(rows.map(({ requestId, code }) => [requestId, code]));
    },
    async verify() {
      const { status, out, err } = await command('ledger', 'verify');
      return { status, said: out + err };
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Calls to the nodes in turn, of both APIs, until it is stopped. */
export interface Callers {
  readonly calls: readonly Called[];
  /** Resolves once this many more calls were answered with a judgement. */
  judged(count: number): Promise<void>;
  stop(): Promise<readonly Called[]>;
}

/** How long a caller waits, in ms. */
const patience = 60_000;

/** What callers are answered where all is well, of a face and of what is no picture: all of it has its row. */
export const JUDGED: readonly Called['answer'][] = [0, 'judged', -4016, 'picture_unreadable'];

/** Whether a call was answered with a judgement, and so must have its row. */
export const isJudged = ({ answer }: Called): boolean => JUDGED.includes(answer);

export function startCallers(fleet: StoreFleet, lanes = 4, pauseMs = 100): Callers {
  const calls: Called[] = [];
  let isOver = false;
  const photo = smallPhoto().then((bytes) => Uint8Array.from(bytes));
  const none = Uint8Array.from(Buffer.from('no picture'));
  const lane = async (index: number) => {
    for (let i = index; !isOver; i += 1) {
      const api = i % 2 === 0 ? 'legacy' : 'v1';
      // Most calls cost no judging: it is their rows that the store is to keep.
      const picture = (i >> 2) % 8 === 0 ? await photo : none;
      calls.push(await call(fleet, api, (i >> 1) % fleet.nodes.length, picture));
      await sleep(pauseMs);
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  const count = () => calls.filter(isJudged).length;
  return {
    calls,
    async judged(more) {
      const wanted = count() + more;
      while (count() < wanted) await sleep(20);
    },
    async stop() {
      isOver = true;
      await running;
      return calls;
    },
  };
}

async function call(
  fleet: StoreFleet,
  api: Called['api'],
  node: number,
  picture: Uint8Array<ArrayBuffer>,
): Promise<Called> {
  const requestId = randomUUID();
  const at = performance.now();
  const { port } = fleet.nodes[node] as ServiceProcess;
  const known = { api, node, requestId, at };
  try {
    const response = await (api === 'legacy' ? old : v1)(fleet, port, requestId, picture);
    const body = (await response.json()) as {
      code?: number;
      type?: string;
      verdict?: string;
      reason?: string;
    };
    const answer = api === 'legacy' ? (body.code ?? null) : response.ok ? 'judged' : nameOf(body);
    return { ...known, ms: performance.now() - at, http: response.status, answer };
  } catch {
    return { ...known, ms: performance.now() - at, http: null, answer: null };
  }
}

const nameOf = ({ code, type }: { code?: unknown; type?: string }): string =>
  typeof code === 'string' ? code : (type ?? 'unknown');

function old(
  { app }: StoreFleet,
  port: number,
  requestId: string,
  picture: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const now = Math.floor(Date.now() / 1000);
  const plain = `a=${app.appid}&k=${app.secretId}&e=0&t=${now}&r=1&f=${requestId}`;
  const mac = createHmac('sha1', app.secretKey).update(plain).digest();
  const form = new FormData();
  form.set('appid', app.appid);
  form.set('image', new Blob([picture]));
  return fetch(`http://127.0.0.1:${port}/face/livedetectpicture`, {
    method: 'POST',
    headers: {
      authorization: Buffer.concat([mac, Buffer.from(plain)]).toString('base64'),
      'x-request-id': requestId,
    },
    body: form,
    signal: AbortSignal.timeout(patience),
  });
}

function v1(
  { apiKey }: StoreFleet,
  port: number,
  requestId: string,
  picture: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v1/liveness`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'image/jpeg',
      'x-request-id': requestId,
    },
    body: picture,
    signal: AbortSignal.timeout(patience),
  });
}

/** What a time of trouble came to. */
export interface Trouble {
  /** How many calls sent in it got which answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** The longest wait of those, in ms. */
  readonly longestMs: number;
  /** The longest wait of the calls before it, in ms: what this machine takes when all is well. */
  readonly usualMs: number;
  /** From the end of the trouble until the first judgement that was asked for after it, in ms. */
  readonly backAfterMs: number | null;
}

/** Sums up the calls that were sent between two moments. */
export function troubleOf(calls: readonly Called[], from: number, to: number): Trouble {
  const during = calls.filter(({ at }) => at >= from && at < to);
  const answers: Record<string, number> = {};
  for (const { answer } of during) answers[String(answer)] = (answers[String(answer)] ?? 0) + 1;
  const back = calls
    .filter((one) => isJudged(one) && one.at + one.ms >= to)
    .map(({ at, ms }) => at + ms)
    .sort((a, b) => a - b)[0];
  const longest = (some: readonly Called[]) => Math.round(Math.max(0, ...some.map(({ ms }) => ms)));
  return {
    answers,
    longestMs: longest(during),
    usualMs: longest(calls.filter(({ at, ms }) => at + ms < from)),
    backAfterMs: back === undefined ? null : Math.round(back - to),
  };
}

/** A name that leads to one port now and to another later, as that of a database does which fails over. */
export class MovingName {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #target: number;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  static async start(target: number): Promise<MovingName> {
    const server = createServer();
    const name = new MovingName(server, target);
    server.on('connection', (near) => name.#join(near));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return name;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Leads to another port from now on; connections that are open break. */
  moveTo(target: number): void {
    this.#target = target;
    for (const socket of this.#open) socket.destroy();
  }

  async close(): Promise<void> {
    this.moveTo(0);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
