import { readFileSync } from 'node:fs';

const WIDE = 16;
const NARROW = 8;

/**
 * Channels that the inference library keeps together: as many as floats fit into a vector register, 16 with
 * AVX-512, 8 on other x86-64 processors. Models are padded to it, so a wrong answer costs time alone. 16
 * where it cannot be told (systems other than Linux, other processors).
 *
 * @param cpuinfo what Linux says of the processors; null where there is no such text.
 */
export function channelBlock(architecture: string, cpuinfo: string | null): number {
  if (architecture !== 'x64' || cpuinfo === null) return WIDE;
  return /^flags\s*:.*\bavx512f\b/m.test(cpuinfo) ? WIDE : NARROW;
}

let known: number | undefined;

/** {@link channelBlock} of this machine. */
export function ownChannelBlock(): number {
  known ??= channelBlock(process.arch, readCpuinfo());
  return known;
}

function readCpuinfo(): string | null {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return null;
  }
}
