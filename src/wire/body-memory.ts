import { Fault } from '../errors.ts';

/** What one request's body holds of the memory that all bodies share. */
export interface BodyHold {
  /** Memory for a body of so many bytes; it may hold old bytes and belongs to the request until `release`. */
  room(bytes: number): Buffer;
  /**
   * Counts bytes that have just arrived.
   * @throws Fault -5802 `body_memory` when this very body has to make room
   */
  arrived(bytes: number): void;
  /** The body is whole: from now on it is waiting for nothing but its answer and is not given up any more. */
  whole(): void;
  /** Gives everything back; the bytes may be another request's at once. Calling it twice does no harm. */
  release(): void;
}

/** Bounds what all bodies together hold, from their first byte until their request is answered. */
export interface BodyMemory {
  /** A body that is about to arrive; `giveUp` is called, once, when it has to make room for others. */
  open(giveUp: (why: Fault) => void): BodyHold;
  /** Bytes held at this moment. */
  readonly held: number;
  readonly limit: number;
}

/** Rooms of up to this size are used again, in bytes; nearly all photos of a phone's front camera fit. */
const largestKept = 512 * 1024;
const smallestKept = 64 * 1024;
/** Rooms kept for use again, of each size. */
const keptEach = 16;

/** One body, in the order of its arrival. */
interface Arriving {
  held: number;
  readonly giveUp: (why: Fault) => void;
}

/**
 * Memory for bodies, bounded by what has arrived of all of them together. When it is full, the body that has been arriving for the longest
 * time is given up with -5802: an honest one is there within a second, one that is sent to fill the memory takes its time.
 * Small rooms are used again, which saves the runtime from collecting them: a service judges the same sizes all day.
 * @param limit bytes
 */
export function createBodyMemory(limit: number): BodyMemory {
  /** Insertion order: the first one has been arriving for the longest time. */
  const arriving = new Set<Arriving>();
  const kept = new Map<number, Buffer[]>();
  let held = 0;

  const give = (bytes: number): Buffer => {
    const size = sizeOf(bytes);
    return kept.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  };
  const takeBack = (room: Buffer) => {
    const size = room.length;
    if (size !== sizeOf(size) || size > largestKept) return;
    const rooms = kept.get(size) ?? [];
    if (rooms.length < keptEach) rooms.push(room);
    kept.set(size, rooms);
  };

  return {
    limit,
    get held() {
      return held;
    },
    open(giveUp) {
      const own: Arriving = { held: 0, giveUp };
      const rooms: Buffer[] = [];
      arriving.add(own);
      return {
        room(bytes) {
          const room = give(bytes);
          rooms.push(room);
          return room;
        },
        arrived(bytes) {
          own.held += bytes;
          held += bytes;
          while (held > limit) {
            const longest = first(arriving);
            const why = new Fault(
              -5802,
              'body_memory',
              `Bodies that arrive and wait hold ${limit} bytes, all that is allowed.`,
              { retryAfter: 1 },
            );
            if (longest === undefined || longest === own) throw why;
            arriving.delete(longest);
            held -= longest.held;
            longest.held = 0;
            longest.giveUp(why);
          }
        },
        whole() {
          arriving.delete(own);
        },
        release() {
          arriving.delete(own);
          held -= own.held;
          own.held = 0;
          for (const room of rooms.splice(0)) takeBack(room);
        },
      };
    },
  };
}

/** Powers of two up to the largest that is kept, beyond that what is asked for. */
function sizeOf(bytes: number): number {
  if (bytes > largestKept) return bytes;
  let size = smallestKept;
  while (size < bytes) size *= 2;
  return size;
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  return set.values().next().value;
}
