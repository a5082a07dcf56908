import { setFlagsFromString } from 'node:v8';

/**
 * Lets this process's heap grow to so many per cent of what is in use before all of it is searched for
 * garbage again. Left to itself the runtime counts the bytes of requests and pictures, which are freed at
 * once, as growth of the heap, and searched it about twice a second at full load: a seventh of what the
 * answering process did, a twentieth of what a worker did. A runtime that does not know the setting says so
 * on its error stream and goes on without it.
 */
export function collectGarbageLater(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent - 100}`);
}
