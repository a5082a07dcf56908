import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { groupPhotoPath } from '../../test/support/pictures.ts';
import type { StartAnswer } from './messages.ts';
import { blankPicture } from './warm-up.ts';
import { createWorkerTasks } from './worker-tasks.ts';

/* A worker's tasks in the process of the test; `fleet.test.ts` runs them in processes of their own. */

const task = (picture: Uint8Array) => ({
  picture,
  threshold: undefined,
  profile: 'fast' as const,
});

describe('a worker with an engine', () => {
  const { start, judge } = createWorkerTasks();
  let answer: StartAnswer;
  beforeAll(async () => {
    answer = await start({});
  });

  it('warms up and tells its models', () => {
    expect(answer).toMatchObject({
      kind: 'warm',
      profile: 'careful',
      lacking: null,
      models: [{}, {}, {}, {}, {}],
      milliseconds: expect.any(Number),
    });
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
      fault: { kind: 'picture_unreadable', reason: 'not_an_image', message: expect.any(String) },
    });
  });

  it('tells of an error that is no refusal with all the log may know', async () => {
    const failure = await judge({ ...task(blankPicture()), threshold: 1000 });
    expect(failure).toMatchObject({ kind: 'failure', name: 'RangeError', stack: expect.any(String) });
  });
});

describe('a worker without an engine', () => {
  it('says which file is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'livestill-no-models-'));
    const answer = await createWorkerTasks().start({ modelsDir: folder });
    expect(answer).toMatchObject({ kind: 'failure', message: expect.stringContaining('blazeface-back-256') });
    await rm(folder, { recursive: true });
  });

  it('does not judge', async () => {
    const answer = await createWorkerTasks().judge(task(blankPicture()));
    expect(answer).toMatchObject({ kind: 'failure', message: expect.stringContaining('before') });
  });
});
