/** What an answer may be, whoever asked and however: checked byte by byte as it stood on the connection. */

/** Codes that the old call may answer to these callers. */
const codes = new Set([0, 3, 4, 5, 6, 9, 10, 11, 12, 14, 15, 16, 21, 23, -4015, -4016, -5802, -5805]);
const statuses = new Set([
  200, 204, 400, 401, 403, 404, 405, 408, 409, 413, 415, 417, 422, 424, 429, 431, 502, 503, 504,
]);

/** Takes the answers on one connection apart; `faults` are those outside of the contract. One that is cut off at the end is none. */
export function answersOf(bytes, { method = 'GET' } = {}) {
  const found = [];
  const faults = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end === -1) {
      if (!'HTTP/1.'.startsWith(bytes.toString('latin1', at, at + 7))) faults.push(sample(bytes, at));
      break;
    }
    const head = bytes.toString('latin1', at, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) [\w ]*\r\n/.exec(head)?.[1]);
    if (status === 100 || /^HTTP\/1\.1 100 /.test(head)) {
      at = end + 4;
      continue;
    }
    const length = Number(/\r\nContent-Length: (\d+)/i.exec(head)?.[1]);
    if (!statuses.has(status) || !Number.isInteger(length)) {
      faults.push(sample(bytes, at));
      break;
    }
    const from = end + 4;
    const to = method === 'HEAD' ? from : from + length;
    if (to > bytes.length) break;
    const body = bytes.toString('utf8', from, to);
    if (!isInContract(status, head, body, method)) faults.push(sample(bytes, at));
    found.push(status);
    at = to;
  }
  return { found, faults };
}

function isInContract(status, head, body, method) {
  const type = /\r\nContent-Type: ([^\r;]*)/i.exec(head)?.[1] ?? '';
  if (!/\r\nX-Request-Id: \S/i.test(head) && type !== 'text/plain') return false;
  if (method === 'HEAD' || type.startsWith('text/')) return true;
  try {
    const parsed = JSON.parse(body);
    if (type === 'application/problem+json')
      return parsed.status === status && typeof parsed.type === 'string';
    if (typeof parsed.code === 'number') return codes.has(parsed.code) && typeof parsed.message === 'string';
    // Documents, judgements and figures of v1.
    return status === 200 && type === 'application/json';
  } catch {
    return false;
  }
}

function sample(bytes, at) {
  return bytes.toString('latin1', at, at + 300);
}
