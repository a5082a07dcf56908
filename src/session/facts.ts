/** What the page says of a still. It comes from a page that its user can change: information, no proof. */
export interface UploadFacts {
  readonly label: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly takenAfter: number | null;
}

/** Longest header that is read, in characters. */
export const LONGEST_FACTS = 2048;
const LONGEST_LABEL = 200;

/** Reads the header `Livestill-Facts`: base64url of a JSON object; null where it is none. */
export function readFacts(header: string): UploadFacts | null {
  if (header === '' || header.length > LONGEST_FACTS || !/^[\w-]+$/.test(header)) return null;
  try {
    const found: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return null;
    const { label, width, height, takenAfter } = found as Readonly<Record<string, unknown>>;
    return {
      label: typeof label === 'string' ? label.slice(0, LONGEST_LABEL) : '',
      width: numberOf(width),
      height: numberOf(height),
      takenAfter: numberOf(takenAfter),
    };
  } catch {
    return null;
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 1e12 ? value : null;
}
