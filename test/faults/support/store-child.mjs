// A process that works on a data folder until it is killed. Speaks lines of text on standard output, each written out before
// the next step, so that what was said is known whatever happens next.
// node store-child.mjs append DIR     appends rows without end, says the request id of each that is on disk
// node store-child.mjs rotate DIR     rotates the master key without end, says "rotated" each time
// node store-child.mjs serve DIR      follows commands of its parent: open, append, find
import { writeSync } from 'node:fs';
import { openStore } from '../../../dist/store/open.js';

const [mode, dataDir] = process.argv.slice(2);
const say = (text) => writeSync(1, `${text}\n`);

const row = (requestId) => ({
  at: new Date(),
  requestId,
  appid: '1000001',
  secretId: 'AKIDsomebody0001',
  source: 'bytes',
  pictureBytes: 1000,
  pictureSha256: 'ab'.repeat(32),
  code: 0,
  verdict: 'live',
  score: 93,
  rawScore: 93.25,
  reasons: [],
  models: { one: 'cd'.repeat(32) },
  milliseconds: 100,
  callerAddress: '192.0.2.7',
  kind: 'judged',
  requests: 1,
  explanation: null,
});

if (mode === 'append') {
  const { ledger } = await openStore({ dataDir });
  let n = 0;
  const line = async () => {
    for (;;) {
      n += 1;
      const requestId = `${process.pid}-${n}`;
      await ledger.append(row(requestId));
      say(requestId);
    }
  };
  await Promise.all(Array.from({ length: 16 }, line));
}

if (mode === 'rotate') {
  const { accounts } = await openStore({ dataDir });
  for (;;) {
    await accounts.rotateMasterKey();
    say('rotated');
  }
}

if (mode === 'serve') {
  let store;
  const commands = {
    open: async () => {
      store = await openStore({ dataDir, create: false, lockWaitMs: 200 });
    },
    append: (requestId) => store.ledger.append(row(requestId)),
    find: async (appid) => (await store.accounts.findApp(appid))?.name ?? null,
  };
  process.on('message', ({ command, argument }) => {
    commands[command](argument).then(
      (value) => process.send({ value: value ?? null }),
      (error) => process.send({ kind: error.kind, reason: error.reason, message: error.message }),
    );
  });
  process.send({ ready: true });
}
