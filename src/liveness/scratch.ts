/*
 * Large arrays that live for a moment (detector inputs, crops) are kept and used again: allocating some 8 MB
 * a picture anew cost a tenth of the time in garbage collection.
 */

/** Arrays of one capacity that are kept at most. */
const KEPT = 4;

const FREE = new Map<number, ArrayBuffer[]>();

/**
 * An array of `length` floats with undefined content, until {@link giveBack}.
 *
 * @param capacity floats the array may be used for; arrays of one capacity serve each other, so callers whose
 * length varies name their longest.
 */
export function borrow(length: number, capacity: number = length): Float32Array {
  const bytes = Math.max(length, capacity) * 4;
  const buffer = FREE.get(bytes)?.pop() ?? new ArrayBuffer(bytes);
  return new Float32Array(buffer, 0, length);
}

/** Hands a borrowed array back; it must not be used afterwards. */
export function giveBack(array: Float32Array): void {
  const buffer = array.buffer as ArrayBuffer;
  const kept = FREE.get(buffer.byteLength);
  if (kept === undefined) FREE.set(buffer.byteLength, [buffer]);
  else if (kept.length < KEPT) kept.push(buffer);
}
