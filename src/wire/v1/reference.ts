import { Fault } from '../../faults.ts';

/**
 * The caller's own name for the person or case, from the header `X-Reference`: opaque, kept with the
 * decision, so that its row can be found and erased; null when there is none.
 * @throws {Fault} `request_malformed` (`reference`)
 */
export function referenceOf(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,128}$/.test(header)) return header;
  const found = typeof header === 'string' ? `${header.length} characters` : `${header.length} headers`;
  throw new Fault(
    'request_malformed',
    'reference',
    `Expected one X-Reference of 1 to 128 printable ASCII characters without blanks; found ${found}.`,
  );
}
