// node scripts/release-check.mjs [--development] [--tag v1.2.3] [--repository OWNER/NAME] [--notes FILE] [--root FOLDER]
//
// Whether this tree can be released: one version everywhere, a dated section of the changelog, and the publisher's addresses in
// package.json. --development leaves out what is only right on the day of a release. --notes writes the section of the changelog to FILE.
// Status 1, with one line for each thing that is wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Stands in package.json where the owner of the repository belongs. */
const PLACEHOLDER = 'PUBLISHER';

const { values: options } = parseArgs({
  options: {
    development: { type: 'boolean', default: false },
    tag: { type: 'string' },
    repository: { type: 'string' },
    notes: { type: 'string' },
    root: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
  },
});
const read = (name) => readFileSync(join(options.root, name), 'utf8');
const wrong = [];
const expect = (is, message) => {
  if (!is) wrong.push(message);
};

const manifest = JSON.parse(read('package.json'));
const { version } = manifest;

/** Every other place that states the version, and what stands there. */
function versions() {
  const lock = JSON.parse(read('package-lock.json'));
  const chart = read('deploy/helm/livestill/Chart.yaml');
  return {
    'package-lock.json': lock.version,
    'package-lock.json, packages': lock.packages[''].version,
    'docs/reference/openapi.json (npm run docs)': JSON.parse(read('docs/reference/openapi.json')).info
      .version,
    'deploy/helm/livestill/Chart.yaml, version': /^version: (\S+)$/m.exec(chart)?.[1],
    'deploy/helm/livestill/Chart.yaml, appVersion': /^appVersion: (\S+)$/m.exec(chart)?.[1],
  };
}

/** The newest section of the changelog: its version, what stands in brackets, and its text. */
function newestSection() {
  const sections = read('CHANGELOG.md').split(/^## /m);
  const [head = '', ...lines] = (sections[1] ?? '').split('\n');
  const [, named, when] = /^(\S+) \(([^)]+)\)$/.exec(head.trim()) ?? [];
  return { named, when, text: lines.join('\n').trim() };
}

/** OWNER/NAME out of the addresses of package.json, or null where they do not agree. */
function repository() {
  const { repository: { type, url } = {}, bugs, homepage } = manifest;
  const name = /^git\+https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\.git$/.exec(url ?? '')?.[1];
  const agree =
    type === 'git' &&
    bugs?.url === `https://github.com/${name}/issues` &&
    homepage === `https://github.com/${name}#readme`;
  return name !== undefined && agree ? name : null;
}

expect(
  /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version),
  `package.json: expected a version such as 1.2.3, found ${version}`,
);
for (const [place, found] of Object.entries(versions()))
  expect(found === version, `${place}: expected version ${version}, as package.json says, found ${found}`);

const section = newestSection();
expect(
  section.named === version,
  `CHANGELOG.md: expected the newest section to be "## ${version} (DATE)", found ${section.named}`,
);
expect(section.text.length > 100, 'CHANGELOG.md: the newest section says nothing');
const name = repository();
expect(
  name !== null,
  'package.json: repository.url, bugs.url and homepage have to name one repository: git+https://github.com/OWNER/NAME.git, …/issues, …#readme',
);
expect(
  (manifest.keywords ?? []).length >= 3,
  'package.json: keywords, by which people find the package, are missing',
);

if (!options.development) {
  expect(
    /^\d{4}-\d\d-\d\d$/.test(section.when ?? ''),
    `CHANGELOG.md: expected the day of the release as YYYY-MM-DD behind ${version}, found "${section.when}"`,
  );
  expect(
    name === null || !name.startsWith(`${PLACEHOLDER}/`),
    `package.json: put the owner of the repository in place of ${PLACEHOLDER} in repository, bugs and homepage`,
  );
}
if (options.tag !== undefined)
  expect(options.tag === `v${version}`, `the tag: expected v${version}, found ${options.tag}`);
if (options.repository !== undefined && name !== null)
  expect(
    name.toLowerCase() === options.repository.toLowerCase(),
    `package.json: expected the repository that is released, ${options.repository}, found ${name}: npm refuses a provenance from another`,
  );

if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exitCode = 1;
} else {
  if (options.notes !== undefined) writeFileSync(options.notes, `${section.text}\n`);
  console.log(`${version} ${options.development ? 'is stated alike everywhere' : 'can be released'}`);
}
