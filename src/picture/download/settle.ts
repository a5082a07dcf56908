/**
 * A promise with its ends outside: the first call of either settles it, later ones change nothing. It rejects
 * with the signal's reason as soon as that is aborted.
 */
export function onceSettled<T>(signal: AbortSignal) {
  let settle!: { resolve(value: T): void; reject(error: unknown): void };
  const settled = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const leave = () => settle.reject(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const promise = settled.finally(() => signal.removeEventListener('abort', leave));
  return { promise, settle };
}
