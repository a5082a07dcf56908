import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/fleet/picture-input.js', import.meta.url));
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/**
 * A process that takes pictures as a worker does: a length over the message channel, the bytes on standard
 * input.
 */
const program = `
  import { createHash } from 'node:crypto';
  import { createPictureInput } from ${JSON.stringify(built)};
  const input = createPictureInput(0);
  process.on('message', async (length) => {
    const picture = await input.take(length);
    console.log(picture.length + ' ' + createHash('sha256').update(picture).digest('hex'));
  });
  process.on('disconnect', () => process.exit());
`;

const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
  stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
});
let answers: AsyncIterator<string>;
beforeAll(() => {
  answers = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
});
afterAll(() => {
  child.disconnect();
});

it('gives out each picture whole, whatever its size and the pieces it comes in, before the message or behind it', async () => {
  const picture = fc.record({
    length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 60_000, max: 900_000 })),
    piece: fc.integer({ min: 2000, max: 400_000 }),
    fill: fc.integer({ min: 0, max: 255 }),
    messageFirst: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(picture, async ({ length, piece, fill, messageFirst }) => {
      const bytes = Buffer.alloc(length, fill);
      if (messageFirst) child.send(length);
      for (let from = 0; from < length; from += piece) child.stdin?.write(bytes.subarray(from, from + piece));
      if (!messageFirst) child.send(length);
      expect((await answers.next()).value).toBe(`${length} ${hashOf(bytes)}`);
    }),
    { numRuns: 60, seed: 11 },
  );
});
