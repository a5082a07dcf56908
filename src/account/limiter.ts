import { Fault } from '../faults.ts';
import { count } from '../report/count.ts';
import type { App, Clock, Limiter, Permit, PermitStore, RateStore, UsageStore } from './types.ts';

/** What a limiter works with. */
export interface LimiterParts {
  readonly clock: Clock;
  readonly usage: UsageStore;
  /** Counts rates for all nodes on a shared store; without it they are counted in this process. */
  readonly rates?: RateStore | undefined;
  /**
   * Counts simultaneous requests for all nodes on a shared store; without it they are counted in this
   * process.
   */
  readonly permits?: PermitStore | undefined;
}

interface Account {
  /** Requests that may start now. */
  tokens: number;
  /** When `tokens` was last brought up to date, in ms. */
  at: number;
  running: number;
}

const MS_OF_DAY = 86_400_000;

/**
 * Holds apps to their limits, by a token bucket for the rate, a count of what runs and a durable count of the
 * UTC day. The bucket holds one second's worth of requests (at least one) plus the burst. Rate and
 * concurrency are counted in this process, or by the shared store where there is one; the daily count is
 * shared by all processes on the same store. A request refused by rate or concurrency does not count for the
 * day. Limits are read from the app each time: a change counts at once.
 */
export function createLimiter(parts: LimiterParts): Limiter {
  const { clock, usage, rates, permits } = parts;
  const accounts = new Map<string, Account>();

  function refill(app: App, now: number): Account {
    const { requestsPerSecond: rate, burst } = app.limits;
    const capacity = rate === null ? Number.POSITIVE_INFINITY : capacityOf(rate, burst);
    const account = accounts.get(app.appid) ?? { tokens: capacity, at: now, running: 0 };
    if (rate !== null) {
      const elapsed = Math.max(0, now - account.at);
      account.tokens = Math.min(capacity, account.tokens + (elapsed * rate) / 1000);
    } else account.tokens = capacity;
    account.at = now;
    accounts.set(app.appid, account);
    return account;
  }

  return {
    async admit(app: App): Promise<Permit> {
      const now = clock();
      const account = refill(app, now);
      const { requestsPerSecond: rate, concurrent, daily } = app.limits;
      const isShared = permits !== undefined;
      if (concurrent !== null && !isShared && account.running >= concurrent)
        throw tooManyRunning(app, concurrent);
      if (rate !== null && rates === undefined && account.tokens < 1) {
        throw tooFast(app, rate, Math.ceil((1 - account.tokens) / rate));
      }
      if (rates === undefined) account.tokens -= 1;
      account.running += 1;
      const permit = permitOf(account);
      try {
        if (concurrent !== null && isShared) permit.hold(await takePermit(app, concurrent, permits));
        if (rate !== null && rates !== undefined) await takeShared(app, rate, rates);
        if (daily !== null) await countForDay(app.appid, daily, now, usage);
      } catch (error) {
        permit.release();
        throw error;
      }
      return permit;
    },
    async countPictures(app, pictures) {
      const { daily } = app.limits;
      if (daily === null) return;
      const now = clock();
      const day = dayOf(now);
      if ((await usage.consume(app.appid, day, daily, pictures)) !== null) return;
      const left = Math.max(0, daily - (await usage.used(app.appid, day)));
      throw new Fault(
        'rate_limited',
        'daily',
        `the batch has ${count(pictures, 'picture')}; ${app.appid} has ${left} of its ${count(daily, 'request')} of ${day} (UTC) left`,
        { retryAfter: untilTomorrow(now) },
      );
    },
  };
}

function tooManyRunning({ appid }: App, concurrent: number): Fault {
  const running = `${count(concurrent, 'request')} of ${appid} ${concurrent === 1 ? 'runs' : 'run'} already`;
  return new Fault('rate_limited', 'concurrent', running, { retryAfter: 1 });
}

function tooFast({ appid }: App, rate: number, retryAfter: number): Fault {
  const sent = `${appid} sent more than ${count(rate, 'request')} a second`;
  return new Fault('rate_limited', 'rate', sent, { retryAfter });
}

function capacityOf(rate: number, burst: number | null): number {
  return Math.max(1, rate) + (burst ?? 0);
}

async function takePermit(app: App, concurrent: number, permits: PermitStore): Promise<() => void> {
  const release = await permits.take(app.appid, concurrent);
  if (release === null) throw tooManyRunning(app, concurrent);
  return release;
}

async function takeShared(app: App, rate: number, rates: RateStore): Promise<void> {
  const wait = await rates.take(app.appid, rate, capacityOf(rate, app.limits.burst));
  if (wait !== null) throw tooFast(app, rate, Math.max(1, Math.ceil(wait)));
}

/** A permit of this process, with the one of the shared store where it holds one. */
function permitOf(account: Account): Permit & { hold(release: () => void): void } {
  let held = true;
  let releaseShared = (): void => {};
  return {
    hold(release) {
      releaseShared = release;
    },
    release(): void {
      if (!held) return;
      held = false;
      account.running -= 1;
      releaseShared();
    },
  };
}

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);
/** In seconds. */
const untilTomorrow = (now: number): number => Math.ceil((MS_OF_DAY - (now % MS_OF_DAY)) / 1000);

async function countForDay(appid: string, daily: number, now: number, usage: UsageStore): Promise<void> {
  const day = dayOf(now);
  if ((await usage.consume(appid, day, daily)) !== null) return;
  throw new Fault(
    'rate_limited',
    'daily',
    `${appid} has used its ${count(daily, 'request')} of ${day} (UTC)`,
    {
      retryAfter: untilTomorrow(now),
    },
  );
}
