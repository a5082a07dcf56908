import { connect, createServer } from 'node:net';

/** A port that leads to another one and counts what goes through. */
export async function startRelay(target) {
  const counts = { there: 0, back: 0, chunks: 0 };
  const open = new Set();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    near.on('data', (piece) => {
      counts.there += piece.length;
      counts.chunks += 1;
      far.write(piece);
    });
    far.on('data', (piece) => {
      counts.back += piece.length;
      near.write(piece);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    counts,
    reset: () => Object.assign(counts, { there: 0, back: 0, chunks: 0 }),
    stop() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
