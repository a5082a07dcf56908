import { afterEach } from 'vitest';
import { signature } from '../../contract/support/accounts.ts';
import { open, post, type RawAnswer, type RawConnection } from '../../contract/support/raw.ts';
import { appid, pair, type V1Test } from '../../v1/support.ts';

export const json = 'Content-Type: application/json';
export const image = Buffer.from('a picture').toString('base64');
export const body = `{"appid":"${appid}","image":"${image}"}`;
export const authorization = () => `Authorization: ${signature({ k: pair.secretId })}`;
/** A request that is answered with a score. */
export const good = () => post([json, authorization()], body);
/** The head of one, its body still to come. */
export const head = (...headers: string[]) =>
  ['POST /face/livedetectpicture HTTP/1.1', 'Host: a', json, authorization(), ...headers, '', ''].join(
    '\r\n',
  );
export const chunks = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** Connections to a service under test; what is still open after a test is closed then. */
export function callersOf(service: () => V1Test): {
  /** A new connection. */
  connected(): RawConnection;
  /** The first answer to what is sent on a new connection. */
  ask(...parts: (string | Buffer)[]): Promise<RawAnswer>;
  /** A call of the v1 API. */
  v1(content: string | Buffer, type?: string): Buffer;
} {
  const opened: RawConnection[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.destroy();
  });
  const connected = () => {
    const one = open(service().port);
    opened.push(one);
    return one;
  };
  return {
    connected,
    async ask(...parts) {
      const connection = connected();
      connection.write(...parts);
      return connection.next();
    },
    v1(content, type = json) {
      const bytes = Buffer.from(content);
      const lines = [
        'POST /v1/liveness HTTP/1.1',
        'Host: a',
        type,
        `Authorization: Bearer ${service().apiKey}`,
        `Content-Length: ${bytes.length}`,
      ];
      return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]);
    },
  };
}

/** All answers that come before the other side closes. */
export async function answersOf(connection: RawConnection): Promise<RawAnswer[]> {
  const answers: RawAnswer[] = [];
  for (;;) {
    const next = await connection.next().catch((error: Error) => {
      if (!error.message.includes('received ""')) throw error;
      return null;
    });
    if (next === null) return answers;
    answers.push(next);
  }
}
