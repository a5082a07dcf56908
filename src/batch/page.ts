import { VERDICT_REASONS } from '../liveness/review.ts';
import { count } from '../report/count.ts';
import { acceptanceCurve, barTable, escapeHtml, scoreHistogram } from './plots.ts';
import type { BatchSummary } from './summary.ts';
import { originText } from './text-summary.ts';
import type { BatchRow } from './types.ts';

/** What the page says of where its numbers come from. */
export interface PageFacts {
  readonly input: string;
  readonly output: string;
  readonly profile: string;
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
:root{color-scheme:light dark;--ink:#1a1d24;--dim:#5c6473;--back:#fff;--line:#d9dde5;--live:#1b9e5a;--attack:#d1453b;--other:#8a93a6;--mark:#3a5bd9}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--dim:#9aa3b5;--back:#171a22;--line:#333946;--live:#3ddc84;--attack:#ff6b61;--other:#7d879b;--mark:#8ea6ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:28px 20px 60px;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:25px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}
p{margin:6px 0}.dim{color:var(--dim)}code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.figures{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}.figure{border:1px solid var(--line);border-radius:8px;padding:10px 16px;min-width:130px}
.figure b{display:block;font-size:24px;font-variant-numeric:tabular-nums}.figure.live b{color:var(--live)}.figure.attack b{color:var(--attack)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px}
svg{width:100%;height:auto;display:block}svg text{font:14px system-ui,sans-serif;fill:var(--dim)}
.grid{stroke:var(--line)}.mark{stroke:var(--mark);stroke-width:1.5;stroke-dasharray:4 3}svg .mark-text{fill:var(--mark)}
.live{fill:var(--live)}.attack{fill:var(--attack)}.other{fill:var(--other)}.curve{fill:none;stroke:var(--mark);stroke-width:2}
table{border-collapse:collapse;width:100%;max-width:720px;table-layout:fixed}th,td{text-align:left;padding:4px 10px;border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:500}td:first-child{overflow-wrap:anywhere}th.n{width:15%}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.bar{width:40%}.bar svg{height:10px}
.near{display:grid;grid-template-columns:repeat(auto-fill,minmax(165px,1fr));gap:14px;padding:0;list-style:none}
.near li{border:1px solid var(--line);border-radius:8px;overflow:hidden;display:flex;flex-direction:column}
.near img,.near .none{width:100%;height:160px;object-fit:contain;background:#0001;display:block}.near .none{display:grid;place-items:center;color:var(--dim)}
.near div.text{padding:8px 10px;font-size:13px;overflow-wrap:anywhere}.near b{font-size:17px}.near .is-live b{color:var(--live)}.near .is-attack b{color:var(--attack)}
`;

function figure(name: string, n: number, total: number, kind = ''): string {
  const share = total === 0 ? '' : ` <span class="dim">${((100 * n) / total).toFixed(1)} %</span>`;
  return `<div class="figure ${kind}"><b>${n.toLocaleString('en')}</b>${escapeHtml(name)}${share}</div>`;
}

function card(row: BatchRow, thumbnails: ReadonlyMap<string, string> | null): string {
  const source = thumbnails?.get(row.key);
  const picture =
    thumbnails === null
      ? ''
      : source === undefined
        ? '<div class="none">no picture</div>'
        : `<img alt="" src="${source}">`;
  const reasons = row.reasons.filter((code) => !VERDICT_REASONS.has(code)).join(', ');
  const doubt = row.review === true ? ' <span class="dim">for review</span>' : '';
  return (
    `<li>${picture}<div class="text is-${row.verdict}"><b>${row.score}</b> ${escapeHtml(row.verdict ?? '')}${doubt}<br>` +
    `${escapeHtml(row.picture)}${reasons === '' ? '' : `<br><span class="dim">${escapeHtml(reasons)}</span>`}</div></li>`
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
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="livestill-run" content="${escapeHtml(facts.run)}">
<title>livestill batch: ${escapeHtml(facts.input)}</title><style>${STYLE}</style></head><body>
<h1>Batch of ${count(rows, 'picture')}</h1>
<p class="dim"><code>${escapeHtml(facts.input)}</code> &rarr; <code>${escapeHtml(facts.output)}</code></p>
<p class="dim">Profile ${escapeHtml(facts.profile)}, live above ${threshold}, livestill ${escapeHtml(facts.version)}.</p>
<p class="dim">${originText(summary)}.</p>${stopped}
<div class="figures">${figure('live', of('live'), rows, 'live')}${figure('attack', of('attack'), rows, 'attack')}${figure('poor quality', of('poor_quality'), rows)}${figure('no face', of('no_face'), rows)}${figure('failed', others, rows)}${figure('for review', summary.review, rows)}</div>
${summary.review === 0 ? '' : '<p class="dim">For review: live or attack, but the networks do not back the verdict. Have a person look at them, or ask for another photo.</p>'}
${section(
  `Scores of ${count(judged, 'picture')}`,
  `<div class="plots"><figure style="margin:0">${scoreHistogram(scores, threshold)}<figcaption class="dim">Pictures by score. Without those too poor to judge.</figcaption></figure>
<figure style="margin:0">${acceptanceCurve(scores, threshold)}<figcaption class="dim">Share that would count as live at another threshold.</figcaption></figure></div>`,
)}
${section('Outcomes', barTable(outcomes, rows, 'outcome'))}
${summary.reasons.size === 0 ? '' : section('Reasons', barTable(summary.reasons, rows, 'reason'))}
${summary.failures.size === 0 ? '' : section('Failures', barTable(summary.failures, rows, 'failure'))}
${
  summary.nearest.length === 0
    ? ''
    : section(
        `Nearest to the threshold`,
        `<p class="dim">Where a slightly different picture would have been judged the other way: look at these first.</p><ul class="near">${summary.nearest.map((row) => card(row, thumbnails)).join('')}</ul>`,
      )
}
${facts.leftOut.length === 0 ? '' : section('Not judged', facts.leftOut.map((one) => `<p>${escapeHtml(one)}</p>`).join(''))}
<h2>Models</h2>${facts.models.map((model) => `<p><code>${escapeHtml(model)}</code></p>`).join('')}
</body></html>
`;
}
