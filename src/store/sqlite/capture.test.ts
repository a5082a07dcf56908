import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CapturePreset } from '../../liveness/types.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';
import { openConnection } from './connection.ts';
import { BEFORE_REVIEW } from './test-support/older-tables.ts';

it("keeps an app's capture preset, and goes back to the server's", async () => {
  const { accounts } = await temporaryStore();
  await accounts.createApp({ appid: '1000001', name: 'x', policy: { capture: 'strict' } }, somePair());
  expect((await accounts.findApp('1000001'))?.policy.capture).toBe('strict');
  for (const capture of ['lenient', 'standard', 'strict', null] as const) {
    await accounts.setPolicy('1000001', { capture });
    await accounts.setPolicy('1000001', { threshold: 91 });
    expect((await accounts.findApp('1000001'))?.policy).toMatchObject({
      threshold: 91,
      profile: null,
      capture,
    });
  }
  await expect(accounts.setPolicy('1000001', { capture: 'loose' as CapturePreset })).rejects.toThrow(
    /expected lenient, standard, strict or default/,
  );
});

it("reads the policies of a data folder from before it as the server's preset", async () => {
  const dataDir = await temporaryFolder();
  const first = await temporaryStore({ dataDir });
  await first.accounts.createApp({ appid: '1000001', name: 'x', policy: { threshold: 90 } }, somePair());
  await first.close();
  const old = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  old.script('alter table app drop column capture');
  for (const undo of BEFORE_REVIEW) old.script(undo);
  old.script("delete from kysely_migration where name >= '0010'");
  old.close();
  const { accounts } = await temporaryStore({ dataDir });
  const policy = { threshold: 90, profile: null, capture: null, review: null };
  expect((await accounts.findApp('1000001'))?.policy).toEqual(policy);
});

const explanation = {
  api: 'v1',
  http: 200,
  version: '0.2.0',
  profile: 'careful',
  threshold: 87,
  policy: null,
  liveProbability: 0.9,
  review: null,
  faceCount: 1,
  quality: [{ name: 'Sharpness', value: 12.5, unit: 'variance', min: 40, max: null }],
  cards: {},
  reference: null,
} as const;

it.each([null, { FaceWidth: 180.61, HeadPosePitch: -3 }])(
  'keeps the values that presets look at, %j, where the hash of the row covers them',
  async (measured) => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await store.ledger.append(someRow({ explanation: { ...explanation, measured } }));
    const [row] = await store.ledger.latest({}, 1);
    expect(row?.explanation).toMatchObject({ quality: explanation.quality, measured });
    expect((await store.chains.verify('ledger')).fault).toBeNull();
    await store.close();
    const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
    const changed = measured === null ? "'12.5', '12.6'" : "'180.61', '80.61'";
    connection.script(`update ledger set quality = replace(quality, ${changed})`);
    connection.close();
    const again = await temporaryStore({ dataDir });
    expect((await again.chains.verify('ledger')).fault).not.toBeNull();
  },
);
