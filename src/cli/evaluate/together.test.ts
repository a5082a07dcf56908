import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import { folder, livestill, useFolder } from './test-support/livestill.ts';

useFolder();

describe('evaluate --together', () => {
  beforeAll(async () => {
    for (const name of ['a', 'b', 'c'])
      await writeFile(join(folder, `${name}.jpg`), await groupPhoto('sample2.jpg'));
  });

  it('says how many groups the rates are over', async () => {
    const index = join(folder, 'index.csv');
    await writeFile(
      index,
      'path,label,species,group\na.jpg,bona-fide,,p\nb.jpg,bona-fide,,p\nc.jpg,attack,print,\n',
    );
    const args = [
      'evaluate',
      index,
      '--together',
      'group',
      '--bootstrap',
      '0',
      '--no-cache',
      '--profile',
      'single',
    ];
    const found = JSON.parse(await livestill(...args, '--json'));
    expect(found.attempts).toEqual({
      by: 'group',
      groups: 1,
      stills: 2,
      single: 1,
      leftOut: 0,
      leftOutPictures: 0,
    });
    expect(found.counts).toMatchObject({ presentations: 2, bonaFide: 1, attacks: 1 });
    expect(await livestill(...args)).toContain(
      'Rates are over attempts: 1 group by the column group, with one verdict on 2 stills, and 1 of one picture.',
    );
  });
});
