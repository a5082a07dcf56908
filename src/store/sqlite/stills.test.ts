import { join } from 'node:path';
import { expect, it } from 'vitest';
import { someRow, temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';
import { openConnection } from './connection.ts';

const explanation = {
  api: 'v1',
  http: 200,
  version: '0.2.0',
  profile: 'careful',
  threshold: 87,
  policy: null,
  liveProbability: 0.9,
  review: false,
  faceCount: 1,
  quality: [{ name: 'Sharpness', value: 12.5, unit: 'variance', min: 40, max: null }],
  cards: {},
  reference: null,
} as const;
const stills = [
  { sha256: 'a'.repeat(64), bytes: 10, source: 'bytes', verdict: 'live', rawScore: 93 },
  { sha256: 'b'.repeat(64), bytes: 12, source: 'url:a.test', verdict: null, rawScore: null },
] as const;

it.each([null, { FaceWidth: 180.61 }])(
  'keeps every still of a decision beside the values %j, where the hash of the row covers them',
  async (measured) => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await store.ledger.append(someRow({ explanation: { ...explanation, measured, stills } }));
    await store.ledger.append(someRow({ explanation: { ...explanation, measured } }));
    const [single, several] = await store.ledger.latest({}, 2);
    expect(several?.explanation).toEqual({ ...explanation, measured, stills });
    expect(single?.explanation).toEqual({ ...explanation, measured });
    expect((await store.chains.verify('ledger')).fault).toBeNull();
    await store.close();
    const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
    connection.script("update ledger set quality = replace(quality, 'bbbb', 'cccc')");
    connection.close();
    const again = await temporaryStore({ dataDir });
    expect((await again.chains.verify('ledger')).fault).not.toBeNull();
  },
);
