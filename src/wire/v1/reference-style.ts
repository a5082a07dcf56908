/** The style of the reference page; system fonts only, light and dark. */
export const referenceStyle = `
:root{color-scheme:light dark;--ink:#1b2330;--soft:#5a6577;--line:#dfe3ea;--paper:#fff;--tint:#f5f7fa;--link:#0b5cad;--get:#0a7a4b;--post:#8a4b00}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf1;--soft:#a2adbd;--line:#2d3644;--paper:#12161d;--tint:#1a202a;--link:#7db7ff;--get:#5fd3a0;--post:#f0b264}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;font:15px/1.55 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--ink);background:var(--paper);display:grid;grid-template-columns:250px minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:20px 18px;background:var(--tint);border-right:1px solid var(--line);font-size:13px}
nav h2{font-size:11px;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:18px 0 6px}
nav ul{list-style:none;margin:0;padding:0}
nav li{margin:3px 0;overflow-wrap:anywhere}
.brand{font-size:18px;font-weight:700;margin:0}
.brand small{font-weight:400;color:var(--soft)}
main{padding:28px 40px 80px;max-width:1060px}
h1{font-size:26px;line-height:1.25;margin:0 0 12px}
h2{font-size:20px;margin:38px 0 8px}
h3{font-size:15px;margin:22px 0 6px}
section{scroll-margin-top:12px}
.lead{font-size:17px;color:var(--soft);margin:0 0 6px}
a{color:var(--link);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
td code{overflow-wrap:anywhere}
pre{background:var(--tint);border:1px solid var(--line);border-radius:6px;padding:14px 16px;overflow:auto}
table{border-collapse:collapse;width:100%;margin:6px 0 4px;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:600;font-size:12px}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child{white-space:nowrap}
tr:target{background:var(--tint)}
i{color:var(--soft);font-size:12px}
b.GET{color:var(--get)}
b.POST{color:var(--post)}
@media (max-width:800px){body{display:block}nav{position:static;height:auto}.more{display:none}main{padding:20px}td:first-child{white-space:normal}}
@media (max-width:600px){
main{padding:18px 16px 60px}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
table,tbody,tr,td{display:block}
tr:has(th){display:none}
tr{border-bottom:1px solid var(--line);padding:8px 0}
td{border:0;padding:1px 0}
}
`;
