/**
 * The style that all pages have: tokens for light and dark, system fonts, tables, code, figures with SVG
 * plots, readable in print. `--ink` is text, `--dim` text of less weight, `--paper` the page, `--soft` a
 * tinted surface, `--c0` to `--c7` the colours of series: 0 for bona fide, 1 for attacks.
 */
export const BASE_STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#eef1f4;--line:#d4d9df;--dim:#5b6570;--link:#0b5cad;--c0:#0b6e4f;--c1:#c2410c;--c2:#2563eb;--c3:#7c3aed;--c4:#b45309;--c5:#0891b2;--c6:#be185d;--c7:#4d7c0f;--warn:#fff4d6;--warnline:#d99a00}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--paper:#14171a;--soft:#1f2429;--line:#39414a;--dim:#9aa5b1;--link:#7db7ff;--c0:#34c795;--c1:#ff8a4c;--c2:#7aa7ff;--c3:#b794ff;--c4:#f0b24a;--c5:#3fc6de;--c6:#ff7ab6;--c7:#a3d24a;--warn:#3a2f10;--warnline:#d99a00}}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px;max-width:1220px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}h2{font-size:19px;margin:36px 0 10px;border-bottom:1px solid var(--line);padding-bottom:4px}
p{margin:6px 0}.dim{color:var(--dim)}
a{color:var(--link);text-decoration:none}a:hover,a:focus-visible{text-decoration:underline}
code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{background:var(--soft);padding:10px 14px;border-radius:6px;overflow-x:auto;white-space:pre-wrap}
.warn{background:var(--warn);border-left:4px solid var(--warnline);padding:8px 12px;margin:8px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:16px 0}
.tile{background:var(--soft);border-radius:8px;padding:10px 12px}.tile b{display:block;font-size:22px;font-variant-numeric:tabular-nums}.tile span{color:var(--dim);font-size:13px}
.tile.c0 b{color:var(--c0)}.tile.c1 b{color:var(--c1)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:18px}
figure{margin:0;background:var(--soft);border-radius:8px;padding:10px;break-inside:avoid}figcaption{font-size:14px;margin-bottom:4px}
svg{width:100%;height:auto;display:block;font:12px system-ui,sans-serif;fill:var(--ink)}
svg .area{fill:var(--paper);stroke:var(--line)}svg .grid{stroke:var(--line);stroke-width:.7}svg .name{fill:var(--dim)}
svg .line{fill:none;stroke-width:2}svg .dashed{stroke-dasharray:5 4;stroke-width:1.3}
svg .marker{stroke:var(--ink);stroke-dasharray:3 3}svg text.marker{stroke:none}svg .whisker{stroke:var(--ink);stroke-width:1.4;fill:none}
svg .other{fill:var(--dim)}
${[0, 1, 2, 3, 4, 5, 6, 7].map((k) => `svg .line.c${k}{stroke:var(--c${k})}svg .dot.c${k},svg .bar.c${k}{fill:var(--c${k})}.swatch.c${k}{background:var(--c${k})}`).join('')}
.legend{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:13px;padding:4px 0 0 8px}.swatch{display:inline-block;width:14px;height:4px;margin-right:5px;vertical-align:middle}
table{border-collapse:collapse;font-size:14px;margin:8px 0;width:100%}th,td{text-align:left;padding:4px 8px;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--dim);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.scroll{overflow-x:auto}
.gallery{display:flex;flex-wrap:wrap;gap:10px}.gallery div{width:180px;font-size:12px;overflow-wrap:anywhere}.gallery img,.gallery .none{width:180px;height:180px;object-fit:contain;background:var(--soft)}.gallery .none{display:grid;place-items:center;color:var(--dim)}
@media print{body{max-width:none;padding:0}.figures{grid-template-columns:1fr 1fr}}
`;
