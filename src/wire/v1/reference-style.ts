/**
 * What the reference page has beyond the style of all pages: its contents beside the text, and tables that
 * fit a phone.
 */
export const REFERENCE_STYLE = `
html{scroll-behavior:smooth}
body{margin:0;padding:0;max-width:none;display:grid;grid-template-columns:250px minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:20px 18px;background:var(--soft);border-right:1px solid var(--line);font-size:13px}
nav h2{font-size:11px;letter-spacing:.08em;text-transform:uppercase;color:var(--dim);margin:18px 0 6px;border:0}
nav ul{list-style:none;margin:0;padding:0}
nav li{margin:3px 0;overflow-wrap:anywhere}
.brand{font-size:18px;font-weight:700;margin:0}
.brand small{font-weight:400;color:var(--dim)}
main{padding:28px 40px 80px;max-width:1060px}
h3{font-size:15px;margin:22px 0 6px}
section{scroll-margin-top:12px}
.lead{font-size:17px;color:var(--dim);margin:0 0 6px}
td:first-child{white-space:nowrap}
tr:target{background:var(--soft)}
i{color:var(--dim);font-size:12px}
b.GET{color:var(--c0)}
b.POST{color:var(--c4)}
@media (max-width:800px){body{display:block}nav{position:static;height:auto}.more{display:none}main{padding:20px}td:first-child{white-space:normal}}
@media (max-width:600px){
main{padding:18px 16px 60px}
table,tbody,tr,td{display:block}
tr:has(th){display:none}
tr{border-bottom:1px solid var(--line);padding:8px 0}
td{border:0;padding:1px 0}
}
`;
