import { appid, signature } from './accounts.ts';

/** Request line and headers of a signed JSON call, up to the empty line; `more` are headers of its own. */
export function jsonHead(...more: string[]): string {
  return [
    'POST /face/livedetectpicture HTTP/1.1',
    'Host: a',
    'Content-Type: application/json',
    `Authorization: ${signature()}`,
    ...more,
    '\r\n',
  ].join('\r\n');
}

/** An honest JSON body of exactly that many bytes, or as few as it takes, blown up by white space between its members. */
export function jsonBodyOf(bytes: number): Buffer {
  const start = `{"appid":"${appid}",`;
  const end = `"image":"${Buffer.from('a picture').toString('base64')}"}`;
  return Buffer.from(start + ' '.repeat(Math.max(0, bytes - start.length - end.length)) + end);
}
