import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { groupPhotoPath } from '../../test/support/pictures.ts';
import { blankPicture } from './warm-up.ts';
import { judge, warm } from './worker.ts';

/* The worker's program on the thread of the test; `fleet.test.ts` runs it in threads of its own. */

const task = (picture: Uint8Array) => ({ picture, threshold: undefined, profile: 'fast' as const });

it('warms up, tells its models, and counts itself among the warm ones', async () => {
  const barrier = new SharedArrayBuffer(4);
  const answer = await warm({ barrier, workers: 1 });
  expect(answer).toMatchObject({ kind: 'warm', models: [{}, {}, {}] });
  expect(new Int32Array(barrier)[0]).toBe(1);
});

it('judges a photo, finds no face in a blank picture, and refuses what is none', async () => {
  const photo = await judge({ ...task(await readFile(groupPhotoPath('sample1.jpg'))), threshold: 5 });
  expect(photo).toMatchObject({ kind: 'judged', judgement: { threshold: 5, profile: 'fast' } });
  expect(await judge(task(blankPicture()))).toMatchObject({
    kind: 'judged',
    judgement: { verdict: 'no_face', score: null },
  });
  expect(await judge(task(Buffer.from('no picture')))).toEqual({
    kind: 'fault',
    code: -4016,
    reason: 'not_an_image',
    message: expect.any(String),
  });
});

it('tells of an error that is no refusal with all the log may know', async () => {
  const answer = await judge({ ...task(blankPicture()), threshold: 1000 });
  expect(answer).toMatchObject({ kind: 'failure', name: 'RangeError', stack: expect.any(String) });
});
