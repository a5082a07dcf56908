/** Buffers that bodies arrive in. */
export interface Buffers {
  /**
   * How large a buffer to take for a body of which so many bytes are there. A sender that announced much gets
   * four times what has arrived and no more: buffers of thousands of bodies that were announced and never
   * sent cost memory, and the runtime's time.
   */
  sizeFor(needed: number, body: { readonly announced: number | undefined; readonly most: number }): number;
  /** A buffer of a size that `sizeFor` gave; it may hold old bytes. */
  give(size: number): Buffer;
  /** Takes a buffer that nobody uses any more. */
  takeBack(buffer: Buffer): void;
}

/** Buffers of up to this size are used again, in bytes; nearly all photos of a phone's front camera fit. */
const LARGEST_KEPT = 512 * 1024;
const SMALLEST = 16 * 1024;
/** Buffers kept for use again, of each size. */
const KEPT_EACH = 16;

/**
 * Small buffers are used again, which saves the runtime from collecting them: a service judges the same sizes
 * all day.
 * @param mostKept bytes of all buffers that are kept for use again
 */
export function createBuffers(mostKept: number): Buffers {
  const kept = new Map<number, Buffer[]>();
  let bytes = 0;
  return {
    sizeFor(needed, { announced, most }) {
      const plausible =
        announced === undefined ? Math.min(most, needed * 2) : Math.min(announced, needed * 4);
      return classOf(Math.max(needed, plausible));
    },
    give(size) {
      const buffer = kept.get(size)?.pop();
      if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
      bytes -= size;
      return buffer;
    },
    takeBack(buffer) {
      const size = buffer.length;
      if (size > LARGEST_KEPT || bytes + size > mostKept) return;
      const same = kept.get(size) ?? [];
      kept.set(size, same);
      if (same.length >= KEPT_EACH) return;
      same.push(buffer);
      bytes += size;
    },
  };
}

/** Powers of two up to the largest that is kept, beyond that what is asked for. */
function classOf(bytes: number): number {
  if (bytes > LARGEST_KEPT) return bytes;
  let size = SMALLEST;
  while (size < bytes) size *= 2;
  return size;
}
