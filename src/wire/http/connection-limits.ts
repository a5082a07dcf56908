import { readFileSync } from 'node:fs';

/** How many connections may be open at the same time. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  /** From one address; an IPv6 network of 64 bits counts as one. */
  readonly maxConnectionsPerAddress: number;
}

/** Most that is taken without being asked for: an idle connection holds some 10 KiB. */
const MOST = 10_000;

/**
 * The limits as configured; null members are derived. In all: three quarters of the files that the process
 * may open, 10 000 at most; the rest is for the store, workers, downloads and the admin port. From one
 * address: half of that.
 * @param openFiles as `openFilesLimit` tells it
 */
export function connectionLimits(
  configured: { readonly max: number | null; readonly maxPerAddress: number | null },
  openFiles: number | null,
): ConnectionLimits {
  const derived = openFiles === null ? MOST : Math.min(MOST, Math.max(16, Math.floor((openFiles * 3) / 4)));
  const maxConnections = configured.max ?? derived;
  const half = Math.max(1, Math.floor(maxConnections / 2));
  return {
    maxConnections,
    maxConnectionsPerAddress: Math.min(maxConnections, configured.maxPerAddress ?? half),
  };
}

/** Taken where the limit cannot be read: what most systems allow at least. */
const COMMON_LIMIT = 1024;

/**
 * How many files, connections included, this process may have open: the soft limit, which Node raises to the
 * hard one when it starts. Null: as many as it likes. 1024 where the system does not tell (only Linux does).
 * @param read the text of `/proc/self/limits`
 */
export function openFilesLimit(read = () => readFileSync('/proc/self/limits', 'latin1')): number | null {
  let text: string;
  try {
    text = read();
  } catch {
    return COMMON_LIMIT;
  }
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (soft === 'unlimited') return null;
  return soft === undefined ? COMMON_LIMIT : Number(soft);
}
