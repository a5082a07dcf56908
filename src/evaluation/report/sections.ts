import { escapeHtml } from '../../report/html.ts';
import type { Evaluation } from '../evaluate.ts';
import type { Estimate } from '../measure.ts';
import type { Interval } from '../metrics/intervals.ts';
import type { Rate } from '../rates.ts';
import type { Robustness } from '../robustness/robustness.ts';
import type { Traps } from '../traps.ts';
import type { GallerySection } from './gallery.ts';

/** A share as per cent; a dash when it cannot be told. */
export const percent = (share: number | null) => (share === null ? '–' : `${(share * 100).toFixed(2)} %`);
const range = (interval: Interval | null) =>
  interval === null ? '–' : `${(interval[0] * 100).toFixed(2)} – ${(interval[1] * 100).toFixed(2)} %`;

/** A table; columns from `numbers` on stand to the right. All texts are escaped. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: number = head.length,
): string {
  const cell = (tag: 'th' | 'td') => (text: string, i: number) =>
    `<${tag}${i >= numbers ? ' class="n"' : ''}>${escapeHtml(text)}</${tag}>`;
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${head.map(cell('th')).join('')}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function rateRow(name: string, r: Rate): string[] {
  const bound =
    r.zeroErrorBound === null ? range(r.bootstrap) : `no errors: up to ${percent(r.zeroErrorBound)}`;
  return [name, percent(r.share), `${r.errors} of ${r.n}`, range(r.interval), bound];
}

const estimateRow = (name: string, e: Estimate) => [name, percent(e.value), '', '', range(e.bootstrap)];

/** The numbers that matter most, large. */
export function tiles({ measures: m, counts }: Evaluation): string {
  const items: readonly (readonly [string, string])[] = [
    [
      percent(m.apcerMax.value),
      `APCER, worst species${m.apcerMax.species === null ? '' : `: ${m.apcerMax.species}`}`,
    ],
    [percent(m.bpcer.share), 'BPCER, bona fide rejected'],
    [percent(m.acer.value), 'ACER'],
    [percent(m.eer.value), 'EER'],
    [m.auc.value === null ? '–' : m.auc.value.toFixed(4), 'AUC'],
    [percent(m.bonaFideTurnedAway.share), 'bona fide turned away, non-responses included'],
    [`${counts.bonaFide} / ${counts.attacks}`, 'bona fide / attack presentations'],
    [counts.subjects === 0 ? '–' : String(counts.subjects), 'people named'],
  ];
  return `<div class="tiles">${items.map(([value, name]) => `<div class="tile"><b>${escapeHtml(value)}</b><span>${escapeHtml(name)}</span></div>`).join('')}</div>`;
}

/** Every measure with its intervals. */
export function measureTable(evaluation: Evaluation): string {
  const { measures: m, bootstrap } = evaluation;
  const level = `${Math.round(bootstrap.confidence * 1000) / 10} %`;
  return table(
    [
      'measure',
      'value',
      'count',
      `exact ${level} (Clopper-Pearson)`,
      `bootstrap ${level} by ${bootstrap.kind}`,
    ],
    [
      rateRow('BPCER: bona fide rejected', m.bpcer),
      ...Object.entries(m.apcer).map(([name, r]) => rateRow(`APCER: ${name} accepted`, r)),
      estimateRow('APCER of the worst species', m.apcerMax),
      rateRow('APCER, all species pooled', m.apcerPooled),
      rateRow('BPNRR: bona fide without a response', m.bpnrr),
      ...Object.entries(m.apnrr).map(([name, r]) => rateRow(`APNRR: ${name} without a response`, r)),
      rateRow('Bona fide turned away: rejected or no response', m.bonaFideTurnedAway),
      estimateRow('ACER: (worst APCER + BPCER) / 2', m.acer),
      estimateRow('HTER: (pooled APCER + BPCER) / 2', m.hter),
      estimateRow('AUC', m.auc),
      estimateRow('EER (threshold from these pictures)', m.eer),
      ...Object.entries(m.bpcerAtApcer).map(([limit, e]) =>
        estimateRow(`BPCER at pooled APCER ${limit} % (threshold from these pictures)`, e),
      ),
      ...Object.entries(evaluation.bpcerAtWorstApcer).map(([limit, value]) =>
        estimateRow(`BPCER at worst APCER ${limit} % (threshold from these pictures)`, {
          value,
          bootstrap: null,
        }),
      ),
    ],
    1,
  );
}

const SOURCES = {
  given: 'It was given beforehand and saw none of these pictures through this tool.',
  'development-set': 'It was chosen on a development set and applied here.',
  folds: 'For each fold it was chosen on the other folds, divided by subject.',
  'test-set': 'IT WAS CHOSEN ON THESE VERY PICTURES: the rates look better than they are.',
} as const;

/** What the threshold is and where it comes from. */
export function thresholdText({ threshold }: Evaluation): string {
  const rule = threshold.rule === null ? '' : ` Rule: ${threshold.rule}.`;
  const folds = threshold.folds
    .map((f) => `fold ${f.fold}: ${Number(f.threshold.toPrecision(6))} for ${f.rows} presentations`)
    .join('; ');
  return `<p>Threshold <b>${Number(threshold.value.toPrecision(8))}</b>${threshold.folds.length > 0 ? ' (median)' : ''}; a score above it is accepted. ${SOURCES[threshold.source]}${escapeHtml(rule)} ${escapeHtml(folds)}</p>`;
}

/** Rates by group. */
export function groupTables({ groups }: Evaluation): string {
  return groups
    .map(({ field, groups: values, largestDifference: d }) => {
      const rows = values.map((g) => [
        g.value,
        percent(g.bpcer.share),
        `${g.bpcer.errors} of ${g.bpcer.n}`,
        range(g.bpcer.interval),
        percent(g.apcer.share),
        `${g.apcer.errors} of ${g.apcer.n}`,
        range(g.apcer.interval),
      ]);
      const differences = (['bpcer', 'apcer'] as const).flatMap((kind) => {
        const diff = d[kind];
        if (diff === null) return [];
        const apart = diff.intervalsApart
          ? 'the intervals of the two do not overlap'
          : 'the intervals of the two overlap, so chance may explain it';
        return [
          `<p>Largest difference in ${kind.toUpperCase()}: ${percent(diff.difference)}, ${escapeHtml(diff.low)} to ${escapeHtml(diff.high)}; ${apart}. The pair was picked for being furthest apart.</p>`,
        ];
      });
      return `<h3>By ${field}</h3>${table([field, 'BPCER', 'count', 'exact', 'APCER pooled', 'count', 'exact'], rows, 1)}${differences.join('')}`;
    })
    .join('');
}

/** What may make the numbers mean something else. */
export function trapSection(traps: Traps): string {
  const parts = traps.warnings.map((w) => `<p class="warn">${escapeHtml(w)}</p>`);
  if (traps.shortcuts.length > 0) {
    parts.push(
      '<h3>What tells the label without looking at the face</h3>',
      table(
        ['feature', 'how it differs', 'AUC alone', 'by chance', 'pictures'],
        traps.shortcuts.map((s) => [
          s.feature,
          s.detail,
          s.auc.toFixed(3),
          s.chance.toFixed(3),
          String(s.known),
        ]),
        2,
      ),
    );
  }
  if (traps.duplicates.length > 0) {
    const more = traps.duplicatePairs > traps.duplicates.length ? `, ${traps.duplicates.length} shown` : '';
    parts.push(
      `<h3>Near-duplicates (${traps.duplicatePairs} pairs${more})</h3>`,
      table(
        ['picture', 'and', 'across', 'bits of 128 that differ'],
        traps.duplicates.map((d) => [
          d.a,
          d.b,
          d.across.join(', '),
          d.identical ? 'same file' : String(d.distance),
        ]),
        3,
      ),
    );
  }
  if (traps.doubtful.length > 0) {
    parts.push(
      '<h3>Labels that the answers contradict with high confidence: look whether they are right</h3>',
      table(
        ['picture', 'label', 'score'],
        traps.doubtful.map((d) => [d.id, d.label, String(Number(d.score.toPrecision(5)))]),
        2,
      ),
    );
  }
  return parts.length === 0 ? '<p>None of the traps that are looked for was found.</p>' : parts.join('');
}

/** Robustness as a table. */
export function robustnessTable({ rows }: Robustness): string {
  const points = (v: number | null) => (v === null ? '–' : v.toFixed(1));
  return table(
    [
      'change',
      'step',
      'verdict changed',
      'exact 95 %',
      'lost',
      'bona fide changed',
      'attacks changed',
      'mean shift',
      'mean move',
      '95 % move under',
    ],
    rows.map((r) => [
      r.family,
      r.step,
      `${percent(r.all.changedShare)} (${r.all.changed}/${r.all.tried})`,
      range(r.all.changedInterval),
      String(r.all.lost),
      percent(r.byLabel['bona-fide'].changedShare),
      percent(r.byLabel.attack.changedShare),
      points(r.all.shift),
      points(r.all.meanMove),
      points(r.all.move95),
    ]),
    2,
  );
}

/** Small pictures under headings. */
export function gallerySection(sections: readonly GallerySection[]): string {
  return sections
    .map(({ title, pictures }) => {
      const items = pictures.map(({ id, caption, source }) => {
        const image = source === null ? '' : `<img alt="" src="${source}">`;
        return `<div>${image}<br>${escapeHtml(id)}<br><span class="dim">${escapeHtml(caption)}</span></div>`;
      });
      return `<h3>${escapeHtml(title)}</h3><div class="gallery">${items.join('')}</div>`;
    })
    .join('');
}
