import { VERDICT_REASONS } from '../liveness/review.ts';
import type { CapturePreset } from '../liveness/types.ts';
import { count } from '../report/count.ts';
import { escapeHtml, htmlPage } from '../report/html.ts';
import { acceptanceCurve, barTable, scoreHistogram } from './plots.ts';
import type { BatchSummary } from './summary.ts';
import { originText } from './text-summary.ts';
import type { BatchRow } from './types.ts';

/** What the page says of where its numbers come from. */
export interface PageFacts {
  readonly input: string;
  readonly output: string;
  readonly profile: string;
  readonly capture: CapturePreset;
  readonly models: readonly string[];
  readonly version: string;
  /** Id of the run, by which it knows its page again. */
  readonly run: string;
  /** False where the batch was stopped before its end. */
  readonly complete: boolean;
  /** Files of the input that were not judged, a line each. */
  readonly leftOut: readonly string[];
}

const STYLE = `
.counts{max-width:720px;table-layout:fixed}.counts td:first-child{overflow-wrap:anywhere}.counts th.n{width:15%}.counts .share{width:40%}.counts .share svg{height:10px}
.gallery b{font-size:17px}.gallery .is-live b{color:var(--c0)}.gallery .is-attack b{color:var(--c1)}
`;

function tile(name: string, n: number, total: number, colour = ''): string {
  const share = total === 0 ? '' : `, ${((100 * n) / total).toFixed(1)} %`;
  return `<div class="tile ${colour}"><b>${n.toLocaleString('en')}</b><span>${escapeHtml(name)}${share}</span></div>`;
}

function card(row: BatchRow, thumbnails: ReadonlyMap<string, string> | null): string {
  const source = thumbnails?.get(row.key);
  const picture =
    thumbnails === null
      ? ''
      : source === undefined
        ? '<span class="none">no picture</span>'
        : `<img alt="" src="${source}">`;
  const reasons = row.reasons.filter((code) => !VERDICT_REASONS.has(code)).join(', ');
  const doubt = row.review === true ? ' <span class="dim">for review</span>' : '';
  return (
    `<div class="is-${row.verdict}">${picture}<b>${row.score}</b> ${escapeHtml(row.verdict ?? '')}${doubt}<br>` +
    `${escapeHtml(row.picture)}${reasons === '' ? '' : `<br><span class="dim">${escapeHtml(reasons)}</span>`}</div>`
  );
}

/**
 * The report of a batch: one HTML file without scripts that needs nothing from anywhere else.
 *
 * @param thumbnails data urls by key; null: no pictures are shown.
 */
export function reportPage(
  summary: BatchSummary,
  facts: PageFacts,
  thumbnails: ReadonlyMap<string, string> | null,
): string {
  const { rows, threshold, outcomes, scores } = summary;
  const of = (name: string) => outcomes.get(name) ?? 0;
  const judged = scores.reduce((a, b) => a + b, 0);
  const others = rows - judged - of('poor_quality') - of('no_face');
  const stopped = facts.complete
    ? ''
    : '<p><b>The batch was stopped before its end.</b> The figures are those of the pictures judged so far.</p>';
  const section = (title: string, body: string) => `<h2>${title}</h2>${body}`;
  const table = (title: string, counts: ReadonlyMap<string, number>) =>
    counts.size === 0 ? '' : section(title, barTable(counts, rows, title.toLowerCase().replace(/s$/, '')));
  const body = [
    `<h1>Batch of ${count(rows, 'picture')}</h1>`,
    `<p class="dim"><code>${escapeHtml(facts.input)}</code> &rarr; <code>${escapeHtml(facts.output)}</code></p>`,
    `<p class="dim">Profile ${escapeHtml(facts.profile)}, capture preset ${facts.capture}, live above ${threshold}, livestill ${escapeHtml(facts.version)}.</p>`,
    `<p class="dim">${originText(summary)}.</p>${stopped}`,
    `<div class="tiles">${tile('live', of('live'), rows, 'c0')}${tile('attack', of('attack'), rows, 'c1')}${tile('poor quality', of('poor_quality'), rows)}${tile('no face', of('no_face'), rows)}${tile('failed', others, rows)}${tile('for review', summary.review, rows)}</div>`,
    summary.review === 0
      ? ''
      : '<p class="dim">For review: live or attack, but the networks do not back the verdict. Have a person look at them, or ask for another photo.</p>',
    section(
      `Scores of ${count(judged, 'picture')}`,
      `<div class="figures">${scoreHistogram(scores, threshold)}${acceptanceCurve(scores, threshold)}</div>`,
    ),
    section('Outcomes', barTable(outcomes, rows, 'outcome')),
    groupSection(summary),
    table('Reasons', summary.reasons),
    table('Failures', summary.failures),
    nearestSection(summary, thumbnails),
    facts.leftOut.length === 0
      ? ''
      : section('Not judged', facts.leftOut.map((one) => `<p>${escapeHtml(one)}</p>`).join('')),
    section('Models', facts.models.map((model) => `<p><code>${escapeHtml(model)}</code></p>`).join('')),
  ];
  return htmlPage({
    title: `livestill batch: ${facts.input}`,
    meta: { 'livestill-run': facts.run },
    style: STYLE,
    body: body.filter((part) => part !== '').join('\n'),
  });
}

function groupSection({ groups }: BatchSummary): string {
  const total = [...groups.outcomes.values()].reduce((a, b) => a + b, 0);
  if (total === 0) return '';
  const review =
    groups.review === 0 ? '' : `<p class="dim">${count(groups.review, 'group')} of them for review.</p>`;
  return `<h2>Groups</h2><p class="dim">${count(total, 'group')} of stills, each with one verdict.</p>${barTable(groups.outcomes, total, 'outcome')}${review}`;
}

function nearestSection({ nearest }: BatchSummary, thumbnails: ReadonlyMap<string, string> | null): string {
  if (nearest.length === 0) return '';
  const cards = nearest.map((row) => card(row, thumbnails)).join('');
  return `<h2>Nearest to the threshold</h2><p class="dim">Where a slightly different picture would have been judged the other way: look at these first.</p><div class="gallery">${cards}</div>`;
}
