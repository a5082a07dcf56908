import { count } from '../../report/count.ts';
import { escapeHtml, htmlPage } from '../../report/html.ts';
import { type AttemptCounts, attemptsText } from '../attempts.ts';
import { type Comparison, testCells } from '../compare.ts';
import type { FullEvaluation } from '../evaluate.ts';
import type { ProtocolReport } from '../protocol.ts';
import { proposeReviewLimits, reviewLines } from '../review-limits.ts';
import type { Robustness } from '../robustness/robustness.ts';
import type { Traps } from '../traps.ts';
import {
  detCurve,
  epcCurve,
  reliability,
  robustnessFigures,
  rocCurve,
  scoreHistogram,
  speciesBars,
} from './figures.ts';
import type { GallerySection } from './gallery.ts';
import { protocolSection } from './protocol.ts';
import {
  gallerySection,
  groupTables,
  measureTable,
  percent,
  robustnessTable,
  table,
  thresholdText,
  tiles,
  trapSection,
} from './sections.ts';

/** Where the numbers of a report come from: enough to make them again. */
export interface Provenance {
  /** The exact command line. */
  readonly command: string;
  readonly version: string;
  readonly node: string;
  readonly madeAt: string;
  /** What was measured: the input's name and the SHA-256 of its scores. */
  readonly input: string;
  readonly scoresSha256: string;
  /** Models by name with the hashes of their files; empty for a score file. */
  readonly models: readonly { readonly name: string; readonly sha256: string }[];
  readonly profile: string | null;
}

/** What a report is made of. */
export interface ReportParts {
  readonly full: FullEvaluation;
  readonly attempts: AttemptCounts | null;
  readonly traps: Traps;
  readonly robustness: Robustness | null;
  readonly protocol?: ProtocolReport | null;
  readonly gallery: readonly GallerySection[];
  readonly provenance: Provenance;
  /** The same as an object for machines; stands in the report as JSON. */
  readonly machine: unknown;
}

/** JSON inside a script element: a `<` in a text must not end it. */
const embedded = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');

/** The page of a report, with its numbers as JSON for machines. */
function page(title: string, body: string, machine: unknown): string {
  const data = `<script type="application/json" id="data">${embedded(machine)}</script>`;
  return htmlPage({ title, body: `${body}\n${data}` });
}

function provenanceSection(p: Provenance): string {
  return `<h2>How this was made</h2><pre>${escapeHtml(p.command)}</pre>${table(
    ['what', 'value'],
    [
      ['livestill', p.version],
      ['Node.js', p.node],
      ['made', p.madeAt],
      ['input', p.input],
      ['SHA-256 of the scores', p.scoresSha256],
      ...(p.profile === null ? [] : [['profile', p.profile]]),
      ...p.models.map((m) => [`model ${m.name}`, m.sha256]),
    ],
  )}<p class="dim">All numbers stand in this file as JSON too, in the element with the id "data".</p>`;
}

/** The report as one HTML file that needs nothing from elsewhere. */
export function reportHtml(parts: ReportParts): string {
  const { full, traps, robustness, gallery, provenance, machine } = parts;
  const protocol = parts.protocol ?? null;
  const { evaluation } = full;
  const simulated = Object.keys(evaluation.counts.species).some((name) => name.startsWith('simulated-'));
  const banner = simulated
    ? '<p class="warn"><b>SIMULATED ATTACKS.</b> Some species were computed, not photographed. They show that the machinery works; the error rates are not those of real prints and screens.</p>'
    : '';
  const nonResponses = Object.entries(evaluation.counts.nonResponses)
    .map(([why, n]) => `${n} ${why}`)
    .join(', ');
  const body = [
    '<h1>Presentation attack detection: evaluation</h1>',
    `<p class="dim">${escapeHtml(provenance.input)}, ${escapeHtml(provenance.madeAt)}; terms of ISO/IEC 30107-3:2023</p>`,
    banner,
    ...evaluation.warnings.map((w) => `<p class="warn">${escapeHtml(w)}</p>`),
    tiles(evaluation),
    thresholdText(evaluation),
    parts.attempts === null ? '' : `<p>${escapeHtml(attemptsText(parts.attempts))}</p>`,
    nonResponses === ''
      ? ''
      : `<p>Without a response: ${escapeHtml(nonResponses)}. Error rates are over those that got one.</p>`,
    '<h2>Curves</h2><div class="figures">',
    scoreHistogram(full),
    speciesBars(full),
    detCurve(full),
    rocCurve(full),
    epcCurve(full),
    reliability(full),
    '</div><h2>All numbers</h2>',
    measureTable(evaluation),
    reviewLines(proposeReviewLimits(full.rows))
      .map((line) => `<p>${escapeHtml(line)}</p>`)
      .join(''),
    protocol === null ? '' : protocolSection(protocol),
    evaluation.groups.length === 0 ? '' : `<h2>Groups</h2>${groupTables(evaluation)}`,
    `<h2>Traps</h2>${trapSection(traps)}`,
    robustness === null
      ? ''
      : `<h2>Robustness</h2><p>${count(robustness.pictures, 'picture')}, each judged again after every change; threshold ${robustness.threshold}. "Lost": no response any more.</p><div class="figures">${robustnessFigures(robustness)}</div>${robustnessTable(robustness)}`,
    gallery.length === 0 ? '' : `<h2>Pictures to look at</h2>${gallerySection(gallery)}`,
    provenanceSection(provenance),
  ];
  return page('livestill evaluate', body.join('\n'), machine);
}

/** A comparison of two systems as one HTML file. */
export function comparisonHtml(comparison: Comparison, provenance: Provenance): string {
  const { a, b } = comparison;
  const rows = comparison.measures.map((m) => [
    m.name,
    percent(m.a),
    percent(m.b),
    percent(m.difference),
    m.interval === null ? '–' : `${percent(m.interval[0])} to ${percent(m.interval[1])}`,
  ]);
  const tests = comparison.tests.map(testCells);
  const body = [
    `<h1>${escapeHtml(a)} against ${escapeHtml(b)}</h1>`,
    `<p>${comparison.pairs} presentations that both have; ${comparison.onlyInA} only in ${escapeHtml(a)}, ${comparison.onlyInB} only in ${escapeHtml(b)}, left out.</p>`,
    ...comparison.warnings.map((w) => `<p class="warn">${escapeHtml(w)}</p>`),
    '<h2>Side by side</h2>',
    table(['measure', a, b, `${b} less ${a}`, `bootstrap by ${comparison.unit}`], rows, 1),
    '<h2>Paired tests</h2>',
    table(
      [
        'question',
        'pairs',
        `only ${a} errs`,
        `only ${b} errs`,
        'McNemar p',
        `permutation p by ${comparison.unit}`,
      ],
      tests,
      1,
    ),
    '<p class="dim">McNemar takes pictures as independent of each other; the permutation flips whole units.</p>',
    provenanceSection(provenance),
  ];
  return page('livestill evaluate --compare', body.join('\n'), { comparison, provenance });
}
