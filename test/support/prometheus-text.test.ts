import { expect, it } from 'vitest';
import { changes, parsePage } from './prometheus-text.ts';

const counter = '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1",file="b\\"\\\\"} 2\n';
const histogram =
  '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1",file="f"} 1\nh_bucket{le="+Inf",file="f"} 2\nh_sum{file="f"} 1.5e-7\nh_count{file="f"} 2\n';

it('reads pages of counters, gauges and histograms', () => {
  const page = parsePage(`${counter}\n${histogram}\n# HELP g G.\n# TYPE g gauge\ng -1.5\n`);
  expect([...page.keys()]).toEqual(['a_total', 'h', 'g']);
  expect(page.get('a_total')?.samples).toEqual(new Map([['a_total{file="b"\\",x="1"}', 2]]));
  expect(page.get('a_total')?.labels.get('file')).toEqual(new Set(['b"\\']));
  expect(page.get('g')?.samples.get('g')).toBe(-1.5);
});

it.each([
  ['a last line without an end', counter.slice(0, -1)],
  ['a series twice', `${counter}${counter.split('\n')[2]}\n`],
  ['a metric twice', `${counter}${counter}`],
  ['a sample of another metric', `${counter}b 1\n`],
  ['TYPE without HELP', '# TYPE a gauge\na 1\n'],
  ['HELP without TYPE', '# HELP a A.\na 1\n'],
  ['no number', counter.replace('2', 'NaN')],
  ['a negative count', counter.replace('2', '-2')],
  ['a time stamp', counter.replace(' 2', ' 2 123')],
  ['an open quote', counter.replace('"1"', '"1')],
  ['no quotes', counter.replace('"1"', '1')],
  ['a label twice', counter.replace('x="1"', 'x="1",x="2"')],
  ['a comma at the end', '# HELP a A.\n# TYPE a gauge\na{x="1",} 1\n'],
  ['a gauge named like a counter', counter.replace('counter', 'gauge')],
  ['a bucket that falls', histogram.replace('"+Inf",file="f"} 2', '"+Inf",file="f"} 0')],
  ['no last bucket', histogram.replace(/h_bucket\{le="\+Inf".*\n/, '')],
  ['no sum', histogram.replace(/h_sum.*\n/, '')],
])('refuses %s', (_name, text) => {
  expect(() => parsePage(text)).toThrow();
});

it('tells what rose', () => {
  const before = parsePage(
    '# HELP livestill_a_total A.\n# TYPE livestill_a_total counter\nlivestill_a_total{x="1"} 2\n',
  );
  const after = parsePage(
    '# HELP livestill_a_total A.\n# TYPE livestill_a_total counter\nlivestill_a_total{x="1"} 2\nlivestill_a_total{x="2"} 3\n',
  );
  expect(changes(before, after)).toEqual({ 'livestill_a_total{x="2"}': 3 });
});
