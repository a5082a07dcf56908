import { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import { Refusal } from '../../console/refusal.ts';
import { Fault } from '../../faults.ts';
import type { LedgerOverview } from '../../ledger/search.ts';
import type { AdminArea } from './area.ts';
import { answerFaultsAsV1 } from './area-faults.ts';
import { actorOf } from './caller.ts';
import { shared } from './shared.ts';

/** What the page of activity is made of. */
export interface ActivityDeps {
  readonly ledger: LedgerOverview;
  readonly clock: () => number;
  /** How often a live page is told whether there is something new, in milliseconds. */
  readonly liveEveryMs?: number;
}

const Query = Type.Object(
  {
    from: Type.String({ format: 'date-time' }),
    to: Type.String({ format: 'date-time' }),
    app: Type.Optional(Type.String({ maxLength: 64 })),
    step: Type.Optional(Type.Integer({ minimum: 1000, maximum: 86_400_000 })),
  },
  { additionalProperties: false },
);

/** Live pages that are open at once. */
const MOST_STREAMS = { ofCaller: 8, inAll: 64 } as const;
/** Steps of one answer, at most. */
const MOST_STEPS = 1500;

const ACCESS = { config: { access: 'activity' } } as const;

/** `GET /activity`, and `GET /activity/live`, which says when something new was decided. */
export function activityArea({ ledger, clock, liveEveryMs = 5000 }: ActivityDeps): AdminArea {
  const newest = shared(async () => (await ledger.search({}, null, 1)).rows[0]?.id ?? 0);
  return async (app, { callers }) => {
    answerFaultsAsV1(app);
    app.get<{ Querystring: Static<typeof Query> }>(
      '/activity',
      { ...ACCESS, schema: { querystring: Query, summary: 'What happened in a period' } },
      async ({ query }) => activityOf(ledger, query),
    );
    const open = new Map<Readable, string>();
    app.addHook('preClose', async () => {
      for (const stream of open.keys()) stream.destroy();
    });
    app.get(
      '/activity/live',
      { ...ACCESS, schema: { summary: 'Server-sent events: something was decided' } },
      async (request, reply) => {
        const { kind, name } = actorOf(request);
        const caller = `${kind} ${name}`;
        needPlace([...open.values()], caller);
        const isOn = async () => !request.raw.socket.destroyed && (await callers.isAdmitted(request));
        const stream = Readable.from(tell(newest, clock, liveEveryMs, isOn));
        open.set(stream, caller);
        stream.once('close', () => open.delete(stream));
        return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(stream);
      },
    );
  };
}

/** @throws {Fault} `request_malformed` */
async function activityOf(ledger: LedgerOverview, query: Static<typeof Query>) {
  const [since, until] = [new Date(query.from), new Date(query.to)];
  const length = until.getTime() - since.getTime();
  const step = query.step ?? Math.max(1000, Math.ceil(length / 120 / 1000) * 1000);
  if (!(length > 0) || length / step > MOST_STEPS) {
    throw new Fault(
      'request_malformed',
      'schema',
      `"to" must be later than "from", and the period at most ${MOST_STEPS} steps long.`,
    );
  }
  const found = await ledger.activity({ since, until, step, appid: query.app });
  return {
    from: found.since.toISOString(),
    to: until.toISOString(),
    step,
    isWhole: found.isWhole,
    steps: found.steps.map(({ at, ...rest }) => ({ at: at.toISOString(), ...rest })),
    codes: found.codes,
    refusals: found.refusals,
    scores: found.scores,
  };
}

/**
 * Places of the port are few: probes and other people need some too.
 * @throws {Refusal} `too_many_calls`
 */
function needPlace(open: readonly string[], caller: string): void {
  const own = open.filter((one) => one === caller).length;
  if (own < MOST_STREAMS.ofCaller && open.length < MOST_STREAMS.inAll) return;
  const { ofCaller, inAll } = MOST_STREAMS;
  throw new Refusal(
    'too_many_calls',
    `At most ${ofCaller} live pages of one caller are open at once, and ${inAll} of all.`,
    5,
  );
}

/**
 * An event for each row that is the newest when looked at, and a comment in between, for as long as whoever
 * listens is there and may.
 */
async function* tell(
  newest: () => Promise<number>,
  clock: () => number,
  everyMs: number,
  isOn: () => Promise<boolean>,
): AsyncGenerator<string> {
  let last = -1;
  while (await isOn()) {
    const id = await newest();
    const at = new Date(clock()).toISOString();
    yield id === last ? ': nothing new\n\n' : `data: ${JSON.stringify({ at, newest: id })}\n\n`;
    last = id;
    await new Promise((resolve) => setTimeout(resolve, everyMs).unref());
  }
}
