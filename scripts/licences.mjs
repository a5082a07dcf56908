// Lists the licences of everything that is installed to run livestill, on any platform, from package-lock.json and native/native.lock.json,
// and those of the networks' weights, from their cards.
// node scripts/licences.mjs           write docs/reference/licences.md
// node scripts/licences.mjs --check   only compare; status 1 when the page is out of date or a licence is not among those allowed
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Licences that let anybody run, change and pass on the whole, each with what it asks for in return. */
const allowed = new Map([
  ['0BSD', 'nothing'],
  ['Apache-2.0', 'pass on the licence and the NOTICE file, say what was changed'],
  ['BlueOak-1.0.0', 'pass on the licence or a link to it'],
  ['BSD-2-Clause', 'pass on the licence'],
  ['BSD-3-Clause', 'pass on the licence, no advertising with the names'],
  ['CC0-1.0', 'nothing'],
  ['ISC', 'pass on the licence'],
  ['MIT', 'pass on the licence'],
  ['LGPL-3.0', 'as LGPL-3.0-or-later; it is a package of its own that can be replaced or left out'],
  [
    'LGPL-3.0-or-later',
    'pass on the licence; let the library be replaced by another build (it is a shared library of its own)',
  ],
  ['OFL-1.1', 'pass on the licence; the font is not sold by itself'],
]);

const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The names in a licence expression; `undefined` where it is none. */
function namesIn(expression) {
  if (typeof expression !== 'string' || !/^[\w.+() -]+$/.test(expression)) return undefined;
  return expression
    .replace(/[()]/g, ' ')
    .split(/\s+(?:AND|OR|WITH)\s+|\s+/)
    .filter(Boolean);
}

/** Whether what the expression asks for can be met: one side of an OR is enough, all of an AND are needed. */
function isAllowed(expression) {
  const names = namesIn(expression);
  if (names === undefined) return false;
  const inner = expression.replace(/^\((.*)\)$/, '$1');
  const pick = inner.includes(' OR ') && !inner.includes(' AND ') ? 'some' : 'every';
  return names[pick]((name) => allowed.has(name));
}

const { packages } = JSON.parse(readFileSync(file('package-lock.json'), 'utf8'));
const found = new Map();
for (const [path, entry] of Object.entries(packages)) {
  if (path === '' || entry.dev || entry.devOptional || entry.link) continue;
  const name = entry.name ?? path.replace(/^.*node_modules\//, '');
  const key = `${name} ${entry.license ?? 'none named'}`;
  const known = found.get(key) ?? { name, licence: entry.license, versions: new Set(), direct: false };
  known.versions.add(entry.version);
  const { dependencies = {}, optionalDependencies = {} } = packages[''];
  known.direct ||=
    (dependencies[name] ?? optionalDependencies[name]) !== undefined && path === `node_modules/${name}`;
  found.set(key, known);
}
const native = JSON.parse(readFileSync(file('native/native.lock.json'), 'utf8'));
found.set(native.package, {
  name: native.package,
  licence: native.licence,
  versions: new Set([native.version]),
  direct: true,
});
const all = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
const networks = readdirSync(file('models'))
  .filter((name) => existsSync(file(`models/${name}/card.json`)))
  .sort()
  .map((name) => JSON.parse(readFileSync(file(`models/${name}/card.json`), 'utf8')));
const refused = [...all, ...networks].filter(({ licence }) => !isAllowed(licence));
const textless = networks.filter(({ licenceFile }) => !existsSync(file(`models/licences/${licenceFile}`)));

const counts = new Map();
for (const { licence } of all) counts.set(licence, (counts.get(licence) ?? 0) + 1);
const row = (cells) => `| ${cells.join(' | ')} |`;
const page = `<!-- Made by scripts/licences.mjs from package-lock.json and native/native.lock.json. Do not change this page by hand. -->

# Licences

livestill itself is under Apache-2.0. First the networks' weights, which the published package carries; the texts are in \`models/licences/\`, and
\`livestill models list --licences\` prints them. Cards and unknowns: [models.md](../understand/models.md).

${row(['network', 'licence', 'attribution', 'text'])}
${row(['---', '---', '---', '---'])}
${networks.map((one) => row([`\`${one.name}\``, one.licence, one.attribution, `[${one.licenceFile}](../../models/licences/${one.licenceFile})`])).join('\n')}

Then everything that an installation for running it may bring along, on any platform; tools for
development are left out. Why each direct dependency is there stands in [dependencies.md](../understand/dependencies.md), and what
each licence asks for here.

${row(['licence', 'packages', 'asks for'])}
${row(['---', '---', '---'])}
${[...counts]
  .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  .map(([licence, count]) => row([licence, count, allowed.get(licence) ?? 'what its parts ask for']))
  .join('\n')}

\`libheif-js\` holds builds of libheif and libde265 (LGPL-3.0); its texts lie in the package, in \`LICENSE\` and \`libheif-wasm/LICENSE\`. It is loaded
from a folder of its own at run time: to use another build, put it there, or delete the folder (see [dependencies.md](../understand/dependencies.md)).

The other packages under LGPL are builds of libvips and what it is made of, which \`sharp\` loads as a shared library of its own: to use another
build, install libvips on the system and build \`sharp\` against it. Each such package lists its parts in a file of its own. Files of \`onnxruntime-node\` are part of livestill's own package, with the licence and
the notices of its parts in \`native/\`.

${row(['package', 'version', 'licence', 'direct'])}
${row(['---', '---', '---', '---'])}
${all.map(({ name, versions, licence, direct }) => row([`\`${name}\``, [...versions].join(', '), licence ?? 'none named', direct ? 'yes' : ''])).join('\n')}
`;

for (const { name, licence } of refused) {
  console.error(
    `${name} is under "${licence ?? 'no named licence'}", which is not among those allowed in scripts/licences.mjs.`,
  );
}
if (!process.argv.includes('--check')) writeFileSync(file('docs/reference/licences.md'), page);
else if (readFileSync(file('docs/reference/licences.md'), 'utf8') !== page) {
  console.error('docs/reference/licences.md is out of date: run node scripts/licences.mjs');
  process.exitCode = 1;
}
for (const { name, licenceFile } of textless) {
  console.error(`${name}: the text of its licence, models/licences/${licenceFile}, is missing.`);
}
if (refused.length > 0 || textless.length > 0) process.exitCode = 1;
