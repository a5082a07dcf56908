/**
 * Connections that do nothing, in a process of its own: reads one JSON job from standard input, opens `count` connections, sends one request
 * on each, prints one line when all have their answer, and keeps them open until its standard input ends. Its last line tells how
 * many the service closed meanwhile.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const job = JSON.parse((await lines.next()).value);
const { hostname, port } = new URL(job.url);
const sockets = [];
let closed = 0;

function open() {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let reply = '';
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('close', () => {
      closed += 1;
    });
    socket.on('data', (chunk) => {
      reply += chunk;
      const head = /^content-length: (\d+)/im.exec(reply);
      const end = reply.indexOf('\r\n\r\n');
      if (head !== null && end >= 0 && reply.length >= end + 4 + Number(head[1])) resolve();
    });
    socket.write(`GET /nothing-here HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    sockets.push(socket);
  });
}

for (let begun = 0; begun < job.count; ) {
  const some = Math.min(100, job.count - begun);
  await Promise.all(Array.from({ length: some }, open));
  begun += some;
}
console.log(JSON.stringify({ open: job.count - closed }));
await lines.next();
console.log(JSON.stringify({ closed }));
for (const socket of sockets) {
  socket.removeAllListeners();
  socket.on('error', () => {});
  socket.destroy();
}
