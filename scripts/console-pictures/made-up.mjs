// What the pictures of the console show: made-up apps, users and a day of traffic.
import { openStore } from '../../dist/store/open.js';

const MOST_ROWS = 6000;
const BY = { kind: 'system', name: 'somebody', from: 'here' };

/** Names as people write them, which no page may break on. */
const LONG =
  'Kundenlegitimationspruefung-Nord-West, second floor, the counter beside the lift that is never there when one looks';
export const NAMES = {
  long: LONG.slice(0, 100),
  // Right to left, with a number and a sign that would jump were it not kept apart.
  rightToLeft: 'مكتب الاستقبال 2 (القاهرة)!',
  emoji: '👩‍💻🏦 門口 – Entrée №1',
};

/** Numbers between 0 and 1, the same at each run. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const explained = (parts) => ({
  api: 'v1',
  http: 200,
  version: '1.0.0',
  profile: 'careful',
  threshold: 87,
  policy: null,
  liveProbability: null,
  review: false,
  faceCount: 1,
  quality: [],
  measured: null,
  cards: {},
  reference: null,
  ...parts,
});

/** A row as a day of traffic has it: mostly live, some attacks, some pictures that cannot be judged, some refused. */
function someRow(at, random) {
  const lot = random();
  const verdict =
    lot < 0.84
      ? 'live'
      : lot < 0.91
        ? 'attack'
        : lot < 0.965
          ? 'poor_quality'
          : lot < 0.98
            ? 'no_face'
            : null;
  const rawScore =
    verdict === 'live' ? 88 + 12 * random() ** 0.3 : verdict === 'attack' ? 60 * random() ** 2 : null;
  const reasons = {
    live: [],
    attack: ['ATTACK_SUSPECTED'],
    poor_quality: random() < 0.5 ? ['BLURRED'] : ['FACE_SMALL', 'HEAD_TURNED', 'TOO_DARK'],
    no_face: ['NO_FACE'],
    null: [random() < 0.6 ? 'SIGNATURE_EXPIRED' : 'RATE_LIMITED'],
  };
  const code = { live: 0, attack: 0, poor_quality: 0, no_face: -1101, null: -5 };
  const isUnsure = rawScore !== null && rawScore > 20 && rawScore < 92 && random() < 0.2;
  const liveProbability = rawScore === null ? null : rawScore / 100;
  return {
    kind: verdict === null ? 'request_refused' : 'judged',
    requests: verdict === null ? 1 + Math.floor(random() * 3) : 1,
    at,
    requestId: crypto.randomUUID(),
    appid: String(1_000_001 + Math.floor(random() * 3)),
    secretId: 'AKIDexample00001',
    source: verdict === null ? '' : 'bytes',
    pictureBytes: Math.round(80_000 + 300_000 * random()),
    pictureSha256: Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join(''),
    code: code[String(verdict)],
    verdict,
    score: rawScore === null ? null : Math.round(rawScore),
    rawScore,
    reasons: reasons[String(verdict)],
    models: verdict === null ? {} : { detector: 'cd'.repeat(32), first: 'ef'.repeat(32) },
    milliseconds: 60 + 90 * random() ** 4,
    callerAddress: `192.0.2.${1 + Math.floor(random() * 40)}`,
    explanation: explained({
      http: verdict === null ? 401 : 200,
      liveProbability,
      review: isUnsure,
      reference: isUnsure ? `case ${Math.floor(random() * 9000)}` : null,
    }),
  };
}

/** Apps of all kinds, and a day of traffic, fuller at noon. */
export async function makeUpData(dataDir) {
  const store = await openStore({ dataDir });
  const random = numbers(7);
  try {
    const as = store.as(BY);
    const names = ['Account opening', 'Attendance', 'Door entry', ...Object.values(NAMES)];
    for (const [i, name] of names.entries()) {
      const pair = { secretId: `AKIDexample0000${i + 1}`, secretKey: `made-up-${crypto.randomUUID()}` };
      await as.createApp({ appid: String(1_000_001 + i), name }, pair);
    }
    await as.setAppState('1000003', 'suspended');
    await as.setLimits('1000001', { requestsPerSecond: 20, burst: 40, concurrent: 8, daily: 50_000 });
    const now = Date.now();
    const day = 86_400_000;
    for (let i = 0; i < MOST_ROWS; i += 1) {
      const at = new Date(now - day + (i / MOST_ROWS) * day);
      const isBusy = random() < 0.35 + 0.65 * Math.sin((Math.PI * i) / MOST_ROWS);
      if (isBusy) await store.ledger.append(someRow(at, random));
    }
  } finally {
    await store.close();
  }
}

/** More apps than a page of the list takes. */
export async function addApps(dataDir, count) {
  const store = await openStore({ dataDir });
  try {
    const as = store.as(BY);
    for (let i = 1; i <= count; i += 1) {
      const pair = {
        secretId: `AKIDmany${String(i).padStart(8, '0')}`,
        secretKey: `made-up-${crypto.randomUUID()}`,
      };
      await as.createApp({ appid: String(2_000_000 + i), name: `Branch ${i}` }, pair);
    }
  } finally {
    await store.close();
  }
}
