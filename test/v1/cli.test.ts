import { join } from 'node:path';
import Database from 'libsql';
import { beforeEach, describe, expect, it } from 'vitest';
import { apiKeyDigest } from '../../src/account/api-key/api-key.ts';
import { livestill } from '../../src/cli/shared/test-support/livestill.ts';
import {
  someExplanation,
  someRow,
  temporaryFolder,
  temporaryStore,
} from '../../src/store/test-support/temp-store.ts';

const appid = '1000001';
let dataDir: string;
beforeEach(async () => {
  dataDir = join(await temporaryFolder(), 'data');
  await livestill('app', 'create', '--appid', appid, '--data', dataDir);
});

const run = (...args: string[]) => livestill(...args, '--data', dataDir);
async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { out, err, status } = await run(...args, '--json');
  expect([status, err]).toEqual([0, '']);
  return JSON.parse(out) as Record<string, unknown>;
}

describe('livestill key … --kind api', () => {
  it('makes a key, shows it this once, and keeps only its digest', async () => {
    const made = await json('key', 'create', '--kind', 'api', '--appid', appid);
    expect(made).toMatchObject({
      appid,
      enabled: true,
      scopes: ['judge', 'read:operating-points'],
      networks: [],
    });
    const apiKey = String(made.apiKey);
    expect(apiKey).toMatch(/^lsk_[A-Za-z0-9]{44}$/);
    expect((await run('key', 'list', '--kind', 'api')).out).toContain(String(made.keyId));
    const file = new Database(join(dataDir, 'livestill.sqlite'));
    const rows = JSON.stringify(file.prepare('select * from api_key').all());
    file.close();
    expect(rows).toContain(apiKeyDigest(apiKey));
    expect(rows).not.toContain(apiKey.slice(16));
  });

  it('takes scopes, networks, a name and an end', async () => {
    const made = await json(
      ...['key', 'create', appid, '--kind', 'api', '--name', 'desk', '--scope', 'judge'],
      ...['--network', '10.0.0.0/8', '--network', '::1', '--expires-in', '90d'],
    );
    expect(made).toMatchObject({ name: 'desk', scopes: ['judge'], networks: ['10.0.0.0/8', '::1'] });
    const days = (Date.parse(String(made.expiresAt)) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(90, 2);
  });

  it('switches a key off and on', async () => {
    const { keyId } = await json('key', 'create', '--kind', 'api', '--appid', appid);
    expect(await json('key', 'disable', String(keyId))).toMatchObject({ keyId, enabled: false });
    expect(await json('key', 'enable', String(keyId))).toMatchObject({ keyId, enabled: true });
  });

  it.each([
    [['--appid', '7'], 'there is no app'],
    [[], 'expected an appid'],
    [['--appid', appid, '--scope', 'all'], 'scope: expected one or more of'],
    [
      ['--appid', appid, '--network', 'example.org'],
      'network "example.org": expected an IP address or a network',
    ],
  ])('says what is wrong: %j', async (args, message) => {
    const { err, status } = await run('key', 'create', '--kind', 'api', ...args);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says that a key does not exist', async () => {
    const { err, status } = await run('key', 'disable', 'lsk_AAAAAAAAAAAA');
    expect([status, err]).toEqual([2, expect.stringContaining('there is no API key')]);
  });
});

describe('livestill app policy', () => {
  it('sets what is named and shows the whole', async () => {
    await json('app', 'policy', appid, '--threshold', '92', '--several-faces', 'reject', '--min-face', '120');
    const { policy, rules } = await json(
      'app',
      'policy',
      '--appid',
      appid,
      '--reject-on',
      'blurred,TOO_DARK',
    );
    expect(policy).toEqual({ threshold: 92, profile: null, capture: null, review: null });
    expect(rules).toEqual({
      severalFaces: 'reject',
      minFaceWidth: 120,
      rejectOn: ['BLURRED', 'TOO_DARK'],
      poorQuality: 'verdict',
    });
    expect((await run('app', 'policy', appid)).out).toMatch(/several faces +reject/);
    const back = await json('app', 'policy', appid, '--threshold', 'default', '--reject-on', 'default');
    expect(back).toMatchObject({ policy: { threshold: null }, rules: { rejectOn: null, minFaceWidth: 120 } });
  });

  it('sets the capture preset, shows it, and goes back to the default of the server', async () => {
    expect(await json('app', 'policy', appid, '--capture', 'strict')).toMatchObject({
      policy: { capture: 'strict', threshold: null },
    });
    expect((await run('app', 'policy', appid)).out).toMatch(/capture preset +strict/);
    expect((await run('app', 'show', appid)).out).toContain('capture preset strict');
    const { out } = await run('app', 'policy', appid, '--reject-on', 'BLURRED,HEAD_TURNED_FAR');
    expect(out).toContain(
      'only warn at /v1: FACE_TOO_SMALL, EYES_TOO_CLOSE, FACE_NEAR_EDGE, HEAD_RAISED_FAR',
    );
    expect((await run('app', 'policy', appid, '--reject-on', 'default')).out).not.toContain('only warn');
    expect(await json('app', 'policy', appid, '--capture', 'default')).toMatchObject({
      policy: { capture: null },
    });
    const { status, err } = await run('app', 'policy', appid, '--capture', 'loose');
    expect([status, err]).toEqual([2, expect.stringContaining('lenient, standard, strict, default')]);
  });

  it('sets limits of review, both at once, and goes back to those of the server', async () => {
    expect(await json('app', 'policy', appid, '--review', '0.2,0.85')).toMatchObject({
      policy: { review: { low: 0.2, high: 0.85 }, threshold: null },
    });
    expect((await run('app', 'policy', appid)).out).toMatch(/review +0\.2 to 0\.85/);
    expect((await run('app', 'show', appid)).out).toContain('review 0.2 to 0.85');
    for (const wrong of ['0.2', '0.2-0.8', '0.8,0.2', '0.2,1.2', '0.2,0.5,0.8', ',', 'x,y']) {
      expect([wrong, (await run('app', 'policy', appid, '--review', wrong)).status]).toEqual([wrong, 2]);
    }
    expect(await json('app', 'policy', appid, '--review', 'default')).toMatchObject({
      policy: { review: null },
    });
  });

  it('changes nothing where one of several settings is wrong', async () => {
    const { status, err } = await run('app', 'policy', appid, '--threshold', '50', '--reject-on', 'SOFT');
    expect([status, err]).toEqual([2, expect.stringContaining('"SOFT"')]);
    expect(await json('app', 'policy', appid)).toMatchObject({ policy: { threshold: null } });
  });
});

describe('livestill app policy --threshold NAME', () => {
  it("sets the threshold that was measured for the app's profile", async () => {
    await run('app', 'policy', appid, '--profile', 'single', '--threshold', 'strict');
    expect(await json('app', 'policy', appid)).toMatchObject({ policy: { threshold: 94 } });
    await run('app', 'policy', appid, '--threshold', 'lenient');
    expect(await json('app', 'policy', appid)).toMatchObject({ policy: { threshold: 49 } });
    await run('app', 'policy', appid, '--profile', 'fast', '--threshold', 'balanced');
    expect(await json('app', 'policy', appid)).toMatchObject({ policy: { threshold: 87, profile: 'fast' } });
  });

  it('refuses a name that was not measured, and says which were', async () => {
    const { status, err } = await run(
      'app',
      'policy',
      appid,
      '--profile',
      'careful',
      '--threshold',
      'strict',
    );
    expect([status, err]).toEqual([2, expect.stringContaining('named there: balanced (87)')]);
    expect(await json('app', 'policy', appid)).toMatchObject({ policy: { threshold: null, profile: null } });
    expect((await run('app', 'policy', appid, '--threshold', 'severe')).status).toBe(2);
  });
});

describe('livestill app policy preview', () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

  /** 1000 pictures of this week, 31 of them with a score from 88 to 90; others that must not count. */
  async function fill(): Promise<void> {
    const { ledger } = await temporaryStore({ dataDir });
    const scores = Array.from({ length: 1000 }, (_, i) =>
      i < 31 ? 88 + (i % 3) : i < 231 ? i % 88 : 91 + (i % 10),
    );
    await Promise.all([
      ...scores.map((rawScore, i) =>
        ledger.append(someRow({ appid, at: daysAgo(i % 7), requestId: `r${i}`, rawScore, reasons: [] })),
      ),
      ...[1, 2, 3].map((i) =>
        ledger.append(
          someRow({
            appid,
            at: daysAgo(i),
            rawScore: null,
            score: null,
            verdict: 'no_face',
            reasons: ['NO_FACE'],
          }),
        ),
      ),
      ledger.append(someRow({ appid, at: daysAgo(8), rawScore: 89, reasons: [] })),
      ledger.append(someRow({ appid: '1000002', at: daysAgo(1), rawScore: 89, reasons: [] })),
    ]);
  }

  /** The same figures, counted by SQL on the file. */
  function counted(condition: string): number {
    const file = new Database(join(dataDir, 'livestill.sqlite'));
    const since = daysAgo(7).getTime();
    const row = file
      .prepare(
        `select count(*) as n from ledger where appid = ? and at >= ? and raw_score is not null and ${condition}`,
      )
      .get(appid, since) as { n: number };
    file.close();
    return row.n;
  }

  it('says what the ledger says', async () => {
    await fill();
    const { preview } = await json(
      'app',
      'policy',
      'preview',
      '--appid',
      appid,
      '--threshold',
      '90',
      '--since',
      '7d',
    );
    expect(preview).toMatchObject({
      rows: 1003,
      scored: 1000,
      unscored: 3,
      newlyRefused: 31,
      newlyRefusedShare: 0.031,
    });
    expect(preview).toMatchObject({
      newlyRefused: counted('raw_score > 87 and raw_score <= 90'),
      scored: counted('1'),
      current: { live: counted('raw_score > 87'), attack: counted('raw_score <= 87'), poor_quality: 0 },
      proposed: { live: counted('raw_score > 90'), attack: counted('raw_score <= 90'), poor_quality: 0 },
    });
    const { out } = await run('app', 'policy', 'preview', appid, '--threshold', '90', '--since', '7d');
    expect(out).toContain('with threshold 90 instead of 87');
    expect(out).toContain('3.1 % more would have been refused (31)');
  });

  it("starts from the app's own settings", async () => {
    await fill();
    await run('app', 'policy', appid, '--threshold', '90');
    const { preview } = await json('app', 'policy', 'preview', appid, '--threshold', 'default');
    expect(preview).toMatchObject({ newlyRefused: 0, newlyAccepted: 31 });
    expect(await json('app', 'policy', appid)).toMatchObject({ policy: { threshold: 90 } });
  });

  it('tries another capture preset on the values that the ledger keeps, and says where it keeps none', async () => {
    const { ledger } = await temporaryStore({ dataDir });
    const fits = {
      FaceWidth: 300,
      InterEyeDistance: 120,
      FacePadding: 100,
      HeadPoseYaw: 3,
      HeadPosePitch: 4,
      PictureWidth: 1080,
      PictureHeight: 1440,
    };
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
      quality: [],
      cards: {},
      reference: null,
    } as const;
    const all = [
      fits,
      { ...fits, PictureWidth: 640 },
      { ...fits, HeadPoseYaw: -24 },
      { ...fits, HeadPoseYaw: -40, FaceWidth: 140 },
      null,
    ];
    for (const [i, measured] of all.entries()) {
      const row = { appid, at: daysAgo(1), requestId: `c${i}`, rawScore: 95, reasons: [] };
      await ledger.append(someRow({ ...row, explanation: { ...explanation, measured } }));
    }
    const asked = ['app', 'policy', 'preview', appid, '--capture'];
    expect((await json(...asked, 'strict')).preview).toMatchObject({
      scored: 5,
      unmeasured: 1,
      newlyRefused: 3,
      newlyRefusedBy: { PICTURE_WIDTH_TOO_SMALL: 1, HEAD_TURNED_FAR: 2, FACE_TOO_SMALL: 1 },
    });
    expect((await json(...asked, 'standard')).preview).toMatchObject({ newlyRefused: 1 });
    expect((await json(...asked, 'lenient')).preview).toMatchObject({ newlyRefused: 0 });
    const { out } = await run(...asked, 'strict');
    expect(out).toContain('capture preset strict instead of lenient');
    expect(out).toContain('Too poor by HEAD_TURNED_FAR 2, ');
    expect(out).toContain('Of 1 of the 5 with a score the ledger does not hold size, padding and pose');
    await run('app', 'policy', appid, '--capture', 'strict');
    const back = await json(...asked, 'default');
    expect(back).toMatchObject({ current: { capture: 'strict' }, proposed: { capture: 'lenient' } });
    expect(back.preview).toMatchObject({ newlyAccepted: 3 });
    const width = await json('app', 'policy', 'preview', appid, '--capture', 'lenient', '--min-face', '200');
    expect(width.preview).toMatchObject({ newlyAccepted: 2, newlyRefused: 0 });
  });

  it('says what would have been for review', async () => {
    const { ledger } = await temporaryStore({ dataDir });
    for (const [i, liveProbability] of [0.95, 0.75, 0.74, 0.3].entries()) {
      const row = { appid, at: daysAgo(1), requestId: `r${i}`, rawScore: 95, reasons: [] };
      await ledger.append(someRow({ ...row, explanation: someExplanation({ liveProbability }) }));
    }
    const asked = ['app', 'policy', 'preview', appid, '--review', '0.2,0.8'];
    const found = await json(...asked);
    expect(found).toMatchObject({
      current: { review: null },
      proposed: { review: { low: 0.2, high: 0.8 } },
      preview: { review: { current: 1, proposed: 3 }, newlyForReview: 2, noLongerForReview: 0 },
    });
    const { out } = await run(...asked);
    expect(out).toContain('review 0.2 to 0.8 instead of default');
    expect(out).toContain('For review: 1 as it is, 3 as proposed (2 more, 0 fewer).');
    await run('app', 'policy', appid, '--review', '0.2,0.8');
    expect(await json('app', 'policy', 'preview', appid, '--review', 'default')).toMatchObject({
      current: { review: { low: 0.2, high: 0.8 } },
      proposed: { review: null },
      preview: { noLongerForReview: 2 },
    });
  });

  it('says so where there is nothing to look at', async () => {
    expect((await run('app', 'policy', 'preview', appid, '--threshold', '90')).out).toContain(
      'no picture with a score',
    );
  });
});
