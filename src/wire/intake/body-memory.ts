import { Fault } from '../../faults.ts';
import { type Buffers, createBuffers } from './body-buffers.ts';

/** What is known of a body before its first byte. */
export interface BodyAnnounced {
  /** Whose it is: an app, or the address it comes from as long as the app is not known for certain. */
  readonly owner: string;
  /** Bytes by its `Content-Length`; undefined where it comes in chunks. */
  readonly announced: number | undefined;
  /** Bytes that it may have at most. */
  readonly most: number;
  /** Called, once, when it is given up for others. */
  readonly giveUp: (why: Fault) => void;
}

/** What one request's body holds of the memory that all bodies share. */
export interface BodyHold {
  /**
   * Keeps bytes that have just arrived.
   * @throws {Fault} `busy` `body_memory` or `body_share` when this very body has to be given up
   */
  take(chunk: Buffer): void;
  /**
   * The body, which is whole: from now on it is waiting for nothing but its answer and is not given up any
   * more.
   */
  whole(): Buffer;
  /**
   * Counts bytes beside the body that the request holds until `release`: copies that decoding makes, a
   * downloaded picture.
   * @throws {Fault} `busy` as `take`
   */
  add(bytes: number): void;
  /** It is this owner's from now on: the app that signed. */
  belongsTo(owner: string): void;
  /** Gives everything back; the bytes may be another request's at once. Calling it twice does no harm. */
  release(): void;
}

/** Bounds what all bodies together hold, from their first byte until their request is answered. */
export interface BodyMemory {
  open(body: BodyAnnounced): BodyHold;
  /** Bytes held at this moment: the buffers of bodies as they were allocated, and what was added. */
  readonly held: number;
  readonly limit: number;
}

/**
 * An owner may hold this many times of what is free: alone three quarters of all, two of them three sevenths
 * each.
 */
const TIMES_FREE = 3;

/** One body. */
interface Body {
  owner: Owner;
  held: number;
  isArriving: boolean;
  readonly giveUp: (why: Fault) => void;
}

/** All bodies of one app or address. */
interface Owner {
  readonly name: string;
  held: number;
  bodies: number;
  /** Insertion order: the first one has been arriving for the longest time. */
  readonly arriving: Set<Body>;
}

/**
 * Memory for bodies, bounded by what is allocated for all of them together and shared out by owner: each may
 * hold three times as much as is free, which always leaves some for one who comes new (dynamic thresholds, as
 * in switches that share a buffer between ports: Choudhury and Hahne, 1998). Beyond that a body is given up
 * with `busy`: of the owner who holds most, the one that has been arriving for the longest time. An honest
 * one is there within a second, one that is sent to fill the memory takes its time.
 * @param limit bytes
 */
export function createBodyMemory(limit: number): BodyMemory {
  const owners = new Map<string, Owner>();
  const buffers = createBuffers(limit / 8);
  let held = 0;

  const ownerNamed = (name: string): Owner => {
    const owner = owners.get(name) ?? { name, held: 0, bodies: 0, arriving: new Set<Body>() };
    owners.set(name, owner);
    return owner;
  };
  const count = (body: Body, bytes: number) => {
    body.held += bytes;
    body.owner.held += bytes;
    held += bytes;
  };
  const leave = (body: Body) => {
    const { owner } = body;
    owner.arriving.delete(body);
    owner.held -= body.held;
    if (--owner.bodies === 0) owners.delete(owner.name);
  };
  const join = (body: Body, owner: Owner) => {
    body.owner = owner;
    owner.bodies++;
    owner.held += body.held;
    if (body.isArriving) owner.arriving.add(body);
  };
  /** A body with nothing beside it is always taken: its own size is bounded elsewhere. */
  const fits = ({ owner, held: own }: Body) =>
    held === own || (held <= limit && owner.held <= TIMES_FREE * (limit - held));

  /** Whose body is given up for this owner: the greatest one's who holds more, else its own. */
  const victim = (owner: Owner): Body | undefined => {
    let greatest = owner;
    for (const one of owners.values()) {
      if (one.arriving.size > 0 && one.held > greatest.held) greatest = one;
    }
    return first(greatest.arriving);
  };
  const charge = (body: Body, bytes: number) => {
    count(body, bytes);
    while (!fits(body)) {
      const why = tooMuch(held > limit ? 'body_memory' : 'body_share', limit);
      const one = victim(body.owner);
      if (one === undefined || one === body) {
        count(body, -bytes);
        throw why;
      }
      one.isArriving = false;
      one.owner.arriving.delete(one);
      count(one, -one.held);
      one.giveUp(why);
    }
  };

  return {
    limit,
    get held() {
      return held;
    },
    open({ owner, announced, most, giveUp }) {
      const body: Body = { owner: ownerNamed(owner), held: 0, isArriving: false, giveUp };
      join(body, body.owner);
      return holdOf(
        body,
        { announced, most },
        { buffers, count, charge, leave, join: (name) => join(body, ownerNamed(name)) },
      );
    },
  };
}

/** What a hold does to the memory it is of. */
interface Tally {
  readonly buffers: Buffers;
  count(body: Body, bytes: number): void;
  charge(body: Body, bytes: number): void;
  leave(body: Body): void;
  join(owner: string): void;
}

function holdOf(body: Body, size: Pick<BodyAnnounced, 'announced' | 'most'>, tally: Tally): BodyHold {
  const { buffers } = tally;
  let buffer: Buffer | null = null;
  let used = 0;
  let released = false;

  /** A larger buffer for what is there and as much more as is plausible by now. */
  const grow = (needed: number) => {
    const bytes = buffers.sizeFor(needed, size);
    if (buffer === null) {
      body.isArriving = true;
      body.owner.arriving.add(body);
    }
    tally.charge(body, bytes);
    const bigger = buffers.give(bytes);
    if (buffer !== null) {
      buffer.copy(bigger, 0, 0, used);
      tally.count(body, -buffer.length);
      buffers.takeBack(buffer);
    }
    buffer = bigger;
  };

  return {
    take(chunk) {
      const next = used + chunk.length;
      if (next > (buffer?.length ?? 0)) grow(next);
      if (buffer !== null) chunk.copy(buffer, used);
      used = next;
    },
    whole() {
      body.isArriving = false;
      body.owner.arriving.delete(body);
      return buffer === null ? Buffer.alloc(0) : buffer.subarray(0, used);
    },
    add: (bytes) => tally.charge(body, bytes),
    belongsTo(owner) {
      if (released || body.owner.name === owner) return;
      tally.leave(body);
      tally.join(owner);
    },
    release() {
      if (released) return;
      released = true;
      tally.count(body, -body.held);
      tally.leave(body);
      if (buffer !== null) buffers.takeBack(buffer);
      buffer = null;
    },
  };
}

function tooMuch(reason: 'body_memory' | 'body_share', limit: number): Fault {
  const what =
    reason === 'body_memory'
      ? `Bodies that arrive and wait hold ${limit} bytes, all that is allowed.`
      : `Bodies of one caller hold more than their share of ${limit} bytes.`;
  return new Fault('busy', reason, what, { retryAfter: 1 });
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  return set.values().next().value;
}
