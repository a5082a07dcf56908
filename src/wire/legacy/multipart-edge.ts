/**
 * The small place where the contract accepts what the multipart library refuses. Everything here works on whole bodies and
 * copies nothing unless a repair is needed.
 */

/** `Content-Type` for the library: the boundary quoted, so that any character of it survives. */
export function libraryContentType(boundary: string): string {
  return `multipart/form-data; boundary="${boundary.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Completes a last delimiter line that came without its `--`: a public client ends its body with `--boundary` or
 * `--boundary\r\n` where RFC 2046 §5.1.1 wants `--boundary--`. A body that ends inside a part is left as it is, so that
 * the library refuses it as cut off.
 */
export function closeLastDelimiter(body: Buffer, boundary: string): Buffer {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  let end = body.length;
  while (end > 0 && isLineSpace(body[end - 1])) end--;
  for (const cut of [end, end - 1]) {
    const start = cut - delimiter.length;
    // A single dash is a cut `--`; two are a complete close, which needs no repair.
    if (start < 0 || (cut < end && body[cut] !== 0x2d)) continue;
    const atLineStart = start === 0 || (start >= 2 && body[start - 2] === 0x0d && body[start - 1] === 0x0a);
    if (atLineStart && body.compare(delimiter, 0, delimiter.length, start, cut) === 0) {
      return Buffer.concat([body.subarray(0, cut), Buffer.from('--\r\n', 'latin1')]);
    }
  }
  return body;
}

/**
 * Whether a body has more than `most` parts, told by where a delimiter line begins (RFC 2046 §5.1.1): nothing else may
 * begin so, whatever the line goes on with. One line more is allowed for the end of the last part, and one for a preamble.
 */
export function hasMoreParts(body: Buffer, boundary: string, most: number): boolean {
  const line = Buffer.from(`\r\n--${boundary}`, 'latin1');
  let left = most + 2;
  for (let at = body.indexOf(line); at !== -1; at = body.indexOf(line, at + line.length)) {
    if (--left < 0) return true;
  }
  return false;
}

function isLineSpace(byte: number | undefined): boolean {
  return byte === 0x0d || byte === 0x0a || byte === 0x20 || byte === 0x09;
}
