/**
 * How many there are. Lets other work go on in between.
 * @throws {DOMException} AbortError when `signal` was aborted
 */
export async function countOf(all: AsyncIterable<unknown>, signal: AbortSignal): Promise<number> {
  let n = 0;
  for await (const _ of all) {
    n++;
    if (n % 1000 === 0) await new Promise((go) => setImmediate(go));
    signal.throwIfAborted();
  }
  return n;
}
