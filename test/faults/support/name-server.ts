import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { nameServerResolve, type Resolve } from '../../../src/picture/download/resolve.ts';

/** What the server says to one question: addresses of both kinds, of which it sends those asked for. */
export type Zone = (name: string, question: number) => readonly string[] | 'silent' | 'unknown' | 'failure';

/** A name server on 127.0.0.1 that answers as the test wants. */
export interface NameServer {
  readonly resolve: Resolve;
  /** Questions for IPv4 addresses so far, by name. */
  readonly asked: Map<string, number>;
  zone: Zone;
  stop(): Promise<void>;
}

const typeA = 1;
const typeAaaa = 28;
const codes = { unknown: 3, failure: 2 } as const;

/** Speaks as much of RFC 1035 as questions for A and AAAA need. `resolve` asks it through Node's own resolver. */
export async function startNameServer(zone: Zone, timeout = 30_000): Promise<NameServer> {
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  const server: NameServer = {
    zone,
    asked,
    resolve: nameServerResolve(() => {
      const resolver = new Resolver({ timeout, tries: 1 });
      resolver.setServers([`127.0.0.1:${(socket.address() as AddressInfo).port}`]);
      return resolver;
    }),
    stop: () => new Promise<void>((done) => socket.close(() => done())),
  };
  socket.on('message', (question, from) => {
    const { name, type, end } = readQuestion(question);
    if (type === typeA) asked.set(name, (asked.get(name) ?? 0) + 1);
    const answer = server.zone(name, asked.get(name) ?? 0);
    if (answer === 'silent') return;
    const records =
      typeof answer === 'string' ? [] : answer.filter((each) => isIPv6(each) === (type === typeAaaa));
    const head = Buffer.from(question.subarray(0, 12));
    head.writeUInt16BE(0x8180 | (typeof answer === 'string' ? codes[answer] : 0), 2);
    head.writeUInt16BE(records.length, 6);
    head.writeUInt32BE(0, 8);
    socket.send(
      Buffer.concat([head, question.subarray(12, end), ...records.map(recordOf)]),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return server;
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** A record about the name in the question (a pointer to byte 12), to be kept for no time. */
function recordOf(address: string): Buffer {
  const bytes = isIPv6(address) ? bytesOfV6(address) : Buffer.from(address.split('.').map(Number));
  const head = Buffer.from([
    0xc0,
    12,
    0,
    isIPv6(address) ? typeAaaa : typeA,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    bytes.length,
  ]);
  return Buffer.concat([head, bytes]);
}

function bytesOfV6(address: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (dotted !== null) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(2).map(Number);
    return bytesOfV6(`${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`);
  }
  const [left = '', right = ''] = address.split('::');
  const parts = (text: string) =>
    text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16));
  const [before, after] = [parts(left), parts(right)];
  const zeros = Array<number>(8 - before.length - after.length).fill(0);
  const bytes = Buffer.alloc(16);
  [...before, ...zeros, ...after].forEach((part, at) => void bytes.writeUInt16BE(part, at * 2));
  return bytes;
}
