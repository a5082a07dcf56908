/** Cost against the size of the picture: the engine in this process, one thread, processor time. */
import sharp from 'sharp';
import { createLiveness } from '../../dist/engine.js';
import { DEFAULT_LIMITS, decodePicture } from '../../dist/picture/decode/decode.js';
import { median, portrait } from '../support.mjs';

const profiles = ['careful', 'fast'];

async function cpuOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export async function pictures({ small, say }) {
  sharp.concurrency(1);
  sharp.cache(false);
  const megapixels = small ? [0.1, 1, 8] : [0.1, 0.3, 1, 2, 4, 8, 12, 24];
  const rounds = small ? 3 : 11;
  const shown = await Promise.all(
    megapixels.map(async (size) => {
      const width = Math.round(Math.sqrt(size * 1e6 * 0.75));
      const height = Math.round((size * 1e6) / width);
      return { width, height, bytes: await portrait(width, height), decode: [], careful: [], fast: [] };
    }),
  );
  const engine = await createLiveness();
  const tooLarge = await portrait(6000, 8000);
  const refused = [];
  try {
    for (let round = -2; round < rounds; round++) {
      say(`pictures: round ${round + 3} of ${rounds + 2}`);
      for (const one of shown) {
        const decode = await cpuOf(() => decodePicture(one.bytes));
        const costs = {};
        for (const profile of profiles)
          costs[profile] = await cpuOf(() => engine.judge(one.bytes, { profile }));
        if (round < 0) continue;
        one.decode.push(decode);
        for (const profile of profiles) one[profile].push(costs[profile]);
      }
      const refusal = await cpuOf(() => decodePicture(tooLarge).catch(() => {}));
      if (round >= 0) refused.push(refusal);
    }
  } finally {
    await engine.close();
  }
  const points = (name) => shown.map((one) => [(one.width * one.height) / 1e6, median(one[name])]);
  return {
    name: 'pictures',
    title: 'Cost against the size of the picture',
    axis: 'megapixels',
    rows: [
      [
        'megapixels',
        'picture',
        'kB',
        'decode, ms',
        ...profiles.flatMap((p) => [`${p}, ms`, 'of it decoding']),
      ],
      ...shown.map((one) => [
        ((one.width * one.height) / 1e6).toFixed(1),
        `${one.width} × ${one.height}`,
        (one.bytes.length / 1000).toFixed(0),
        median(one.decode).toFixed(1),
        ...profiles.flatMap((profile) => [
          median(one[profile]).toFixed(1),
          `${((100 * median(one.decode)) / median(one[profile])).toFixed(0)} %`,
        ]),
      ]),
    ],
    notes: [
      `Processor ms of one picture on one thread, median of ${rounds}. The limit is ${DEFAULT_LIMITS.pixels / 1e6} megapixels: 48 are refused before anything is decoded, in ${median(refused).toFixed(2)} ms.`,
    ],
    series: [
      { name: 'decoding', unit: 'processor ms', work: 1, points: points('decode') },
      { name: 'profile careful', unit: 'processor ms a picture', work: 1, points: points('careful') },
      { name: 'profile fast', unit: 'processor ms a picture', work: 1, points: points('fast') },
    ],
  };
}
