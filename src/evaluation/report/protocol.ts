import { escapeHtml } from '../../report/html.ts';
import type { ProtocolCount, ProtocolReport } from '../protocol.ts';
import { percent, table } from './sections.ts';

function row(name: string, c: ProtocolCount): string[] {
  const range =
    c.interval === null ? '–' : `${(c.interval[0] * 100).toFixed(2)} – ${(c.interval[1] * 100).toFixed(2)} %`;
  const kept = c.within === null ? 'nothing counted' : c.within ? 'kept' : 'NOT KEPT';
  return [
    name,
    `${c.errors} of ${c.n}`,
    percent(c.share),
    range,
    percent(c.limit),
    kept,
    String(c.noResponse),
  ];
}

/** What a test by a protocol would count, as a section of the report. */
export function protocolSection(report: ProtocolReport): string {
  const verdict = report.withinLimits ? 'All counts are within the limits.' : '<b>Not within all limits.</b>';
  const missing = report.missing.map((what) => `<li>${escapeHtml(what)}</li>`).join('');
  const rows = [
    ...Object.entries(report.species).map(([name, c]) => row(`${name}: attacks accepted`, c)),
    row('bona fide rejected (BPCER)', report.bonaFide),
  ];
  const head = ['counted', 'count', 'share', 'exact interval', 'limit', 'limit kept', 'no response'];
  return [
    `<h2>Protocol ${escapeHtml(report.protocol)}</h2>`,
    `<p class="warn">${escapeHtml(report.notice)}</p>`,
    `<p>${verdict} People named: ${report.bonaFideSubjects} bona fide, ${report.attackSubjects} attacked.</p>`,
    table(head, rows, 1),
    '<p class="dim">An attack without a response counts as presented and not accepted. Bona fide presentations without a response are not part of the BPCER.</p>',
    `<h3>Missing for the claim</h3><ul>${missing}</ul>`,
  ].join('');
}
