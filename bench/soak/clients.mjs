/** Callers' ends of connections. Each tells `world.note` how it went and `world.fault` what was outside of the contract. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { answersOf } from './answers.mjs';

/** One request through an honest client; gives status, headers and body, null where the connection broke. */
export function call(world, kind, { url, method = 'POST', headers = {}, body = Buffer.alloc(0), from }) {
  return new Promise((done) => {
    const end = (outcome, value) => {
      world.note(kind, outcome);
      done(value);
    };
    const sent = { ...headers, 'content-length': body.length };
    const one = request(url, { method, headers: sent, localAddress: from, agent: false }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', () => end('broken off', null));
      answer.on('end', () => {
        const whole = Buffer.concat(pieces);
        const lines = answer.rawHeaders.flatMap((name, at, all) =>
          at % 2 ? [] : [`${name}: ${all[at + 1]}`],
        );
        const head = `HTTP/1.1 ${answer.statusCode} X\r\n${lines.join('\r\n')}\r\n\r\n`;
        for (const text of answersOf(Buffer.concat([Buffer.from(head), whole]), { method }).faults)
          world.fault(`${kind}: ${text}`);
        end(outcomeOf(answer.statusCode, whole), {
          status: answer.statusCode,
          headers: answer.headers,
          body: whole,
        });
      });
    });
    one.setTimeout(60_000, () => {
      world.fault(`${kind}: no answer within 60 s`);
      one.destroy();
    });
    one.on('error', (error) => end(error.code ?? 'error', null));
    one.end(body);
  });
}

function outcomeOf(status, body) {
  const code = /^\{"code":(-?\d+)/.exec(body.toString('latin1', 0, 30))?.[1];
  return code === undefined ? `HTTP ${status}` : `code ${code}`;
}

/**
 * Bytes on a bare connection that is let go after `ms`, or when the other side closes. `read`: 'all', 'none' (never), or 'slow' (some bytes now
 * and then). What was read must be answers of the contract, `plain` excepted.
 */
export function bare(
  world,
  kind,
  { url, ms, write, read = 'all', tls = false, method, from, plain = false },
) {
  return new Promise((done) => {
    const to = { port: Number(url.port), host: url.hostname, localAddress: from };
    const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    const pieces = [];
    let turn;
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on('data', (piece) => pieces.push(piece));
    if (read !== 'all') socket.pause();
    if (read === 'slow') {
      turn = setInterval(() => {
        socket.resume();
        setImmediate(() => socket.pause());
      }, 300);
    }
    socket.on(tls ? 'secureConnect' : 'connect', () => write(socket));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      clearInterval(turn);
      const bytes = Buffer.concat(pieces);
      const { found, faults } = plain ? { found: [], faults: [] } : answersOf(bytes, { method });
      for (const text of faults) world.fault(`${kind}: ${text}`);
      world.note(kind, found.length === 0 ? 'no answer' : `HTTP ${found[0]}`, Math.max(1, found.length));
      done();
    });
  });
}
