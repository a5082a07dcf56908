import { describe, expect, it } from 'vitest';
import { escapeHtml, htmlPage } from './html.ts';
import { histogram, linePlot } from './plot.ts';

const HOSTILE = `<script>alert("1")</script>'&`;
const SAFE = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;';

describe('a page', () => {
  it('escapes what could be taken for HTML', () => {
    expect(escapeHtml(HOSTILE)).toBe(SAFE);
  });

  it('lets no title and no meta become HTML, and forbids all that is loaded from elsewhere', () => {
    const page = htmlPage({ title: HOSTILE, body: '<p>x</p>', meta: { run: HOSTILE } });
    expect(page).toContain(`<title>${SAFE}</title>`);
    expect(page).toContain(`<meta name="run" content="${SAFE}">`);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|https?:|url\(/);
  });
});

describe('a plot', () => {
  const axis = (name: string) => ({ name, from: 0, to: 10, ticks: [{ at: 5, text: HOSTILE }] });
  const marker = { x: 5, name: HOSTILE };

  it('escapes every name in it', () => {
    const line = linePlot(
      HOSTILE,
      HOSTILE,
      axis(HOSTILE),
      axis(HOSTILE),
      [
        { name: HOSTILE, colour: 0, kind: 'line', points: [] },
        { name: HOSTILE, colour: 1, kind: 'dots', points: [[1, 1]] },
      ],
      [marker],
    );
    const bars = histogram(
      HOSTILE,
      HOSTILE,
      axis(HOSTILE),
      axis(HOSTILE),
      [{ from: 1, to: 2, height: 3, colour: 0, title: HOSTILE }],
      [{ name: HOSTILE, colour: 0 }],
      [marker],
    );
    for (const plot of [line, bars]) {
      expect(plot).toContain(SAFE);
      expect(plot).not.toContain('<script');
    }
  });

  it('leaves out a marker beyond its axis, and draws what is beyond it at its end', () => {
    const plot = linePlot(
      't',
      'n',
      axis('x'),
      axis('y'),
      [{ name: 's', colour: 0, kind: 'dots', points: [[99, 99]] }],
      [{ x: 11, name: 'far away' }],
    );
    expect(plot).not.toContain('far away');
    expect(plot).toContain('cx="534" cy="14"');
  });
});
