import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandBlocks } from './support/command-blocks.ts';
import { type DocumentedPlace, documentedApp, documentedPlace } from './support/documented-place.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The English pages with blocks of commands; the Chinese ones have the same code (docs-languages.test.ts). */
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file)),
]
  .filter((file) => file.endsWith('.md') && !file.endsWith('.zh-CN.md'))
  .map((page) => ({ page, blocks: commandBlocks(readFileSync(join(root, page), 'utf8')) }))
  .filter(({ blocks }) => blocks.length > 0);
const running = pages.filter(({ blocks }) => blocks.some(({ notRun }) => notRun === undefined));

/** Each command is a process of its own, which takes long where others use the processors too. */
const PATIENCE_MS = 300_000;

/** Pages whose commands begin without a data folder. */
const FROM_NOTHING = new Set([join('docs', 'run', 'accounts.md')]);

let place: DocumentedPlace;
beforeAll(async () => {
  place = await documentedPlace();
}, PATIENCE_MS);
afterAll(() => place?.close());

/** A block as a script, with what stands for something in the pages replaced by what is there. */
function scriptOf(commands: readonly string[]): string {
  const replacements: readonly (readonly [string, string])[] = [
    ['key import 1000001 --secret-id AKID…', 'key import 1000001 --secret-id AKIDother'],
    ['AKID…', documentedApp.secretId],
    ['--secret-key -', `--secret-key - <<< ${documentedApp.secretKey}`],
    ['--appid A --secret-id S', '--appid 2 --secret-id AKIDmine'],
    ['appid=1388809914', `appid=${documentedApp.appid}`],
    ['APPID', documentedApp.appid],
    ['lsk_AbCdEfGhIjKl', place.apiKeyId],
    ['lsk_…', place.apiKey],
    ['ONd3KOOrOLWWUKwKzgH+…', place.signature],
    ['$SIGNATURE', place.signature],
    ["'SIGNATURE'", `'${place.signature}'`],
    ['$LIVESTILL_API_KEY', place.apiKey],
    ['REQUEST-ID', place.requestId],
    ['--request-id ID', `--request-id ${place.requestId}`],
    ['http://127.0.0.1:8787', place.address],
    ['/var/lib/livestill', 'data'],
    ['/etc/livestill.json', 'livestill.json'],
    ['/backup/', './'],
    ['livestill-2026-11-28.tar', 'livestill-$(date +%F).tar'],
  ];
  const lines = commands.map((line) =>
    // Without --yes they say what they would do, and end with 2.
    /^livestill ledger (?:erase|prune) /.test(line) && !line.includes('--yes')
      ? `(${line.replace(/ +#.*$/, '')}) || [ $? = 2 ]`
      : line,
  );
  return replacements.reduce((script, [from, to]) => script.replaceAll(from, to), lines.join('\n'));
}

describe.concurrent('the commands of a page', () => {
  it.each(running)(
    '$page: do what they say, one after another',
    async ({ page, blocks }) => {
      const folder = await place.folder(!FROM_NOTHING.has(page));
      for (const { commands, notRun, line } of blocks) {
        if (notRun !== undefined) continue;
        const script = scriptOf(commands);
        await expect(
          place.run(folder, script).then(
            () => 'done',
            (error: Error & { stdout?: string }) => `${page}:${line}: ${error.message}\n${error.stdout}`,
          ),
        ).resolves.toBe('done');
      }
    },
    PATIENCE_MS,
  );
});

describe('a block that is not run', () => {
  it('says why, and most are run', () => {
    const all = pages.flatMap(({ blocks }) => blocks);
    const reasons = all.flatMap(({ notRun }) => (notRun === undefined ? [] : [notRun]));
    expect(reasons.filter((reason) => reason.length < 10)).toEqual([]);
    expect(all.length - reasons.length).toBeGreaterThan(15);
    expect(reasons.length).toBeLessThan(all.length / 2);
  });
});
