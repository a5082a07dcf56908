// npm run sbom [-- --out FILE]
//
// Writes what is installed to run livestill as a CycloneDX 1.6 document: the dependencies of package-lock.json as @cyclonedx/cyclonedx-npm lists
// them, and what comes out of packages without being a dependency: the inference library and the networks, with their pinned hashes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TOOL = '@cyclonedx/cyclonedx-npm@6.0.1';
const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: 'livestill.cdx.json' } } });
const work = mkdtempSync(join(tmpdir(), 'livestill-sbom-'));
const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));

function run(command, args) {
  const { status, stderr, stdout, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr + stdout}`);
}

const purl = (type, name, version) => `pkg:${type}/${name.replace('@', '%40')}@${version}`;
const sha256 = (content) => [{ alg: 'SHA-256', content }];

/** The package that the inference library is taken from, with its files as components of it. */
function library() {
  const { package: name, version, licence, tarballSha256, files } = read('native/native.lock.json');
  const reference = purl('npm', name, version);
  return {
    type: 'library',
    'bom-ref': reference,
    name,
    version,
    purl: reference,
    scope: 'required',
    licenses: [{ license: { id: licence } }],
    hashes: sha256(tarballSha256),
    components: files.map((file) => ({
      type: 'file',
      'bom-ref': `${reference}#${file.path}`,
      name: file.path,
      hashes: sha256(file.sha256),
      ...(file.platform === undefined
        ? {}
        : { properties: [{ name: 'livestill:platform', value: file.platform }] }),
    })),
  };
}

/** Each network, and the package that it is taken from. */
function networks() {
  return read('models/weights.lock.json').weights.map((weight) => {
    const { licence } = read(`models/${weight.name}/card.json`);
    return {
      type: 'machine-learning-model',
      'bom-ref': `model:${weight.name}`,
      name: weight.name,
      version: weight.version,
      scope: weight.optional ? 'optional' : 'required',
      ...(typeof licence === 'string' ? { licenses: [{ license: { id: licence } }] } : {}),
      hashes: sha256(weight.sha256),
      properties: [
        { name: 'livestill:file', value: `models/${weight.file}` },
        { name: 'livestill:takenFrom', value: purl(weight.registry, weight.package, weight.version) },
        { name: 'livestill:archiveSha256', value: weight.archiveSha256 },
      ],
    };
  });
}

try {
  const flags = [
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--omit=optional',
    '--loglevel=error',
  ];
  run('npm', ['install', ...flags, '--prefix', work, TOOL]);
  const raw = join(work, 'raw.json');
  const program = join(work, 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js');
  // Without validation: its validator is an optional package with native code.
  const shape = [
    '--output-format',
    'JSON',
    '--spec-version',
    '1.6',
    '--output-reproducible',
    '--no-validate',
  ];
  run(process.execPath, [
    program,
    '--omit',
    'dev',
    '--package-lock-only',
    ...shape,
    '--output-file',
    raw,
    'package.json',
  ]);
  const document = JSON.parse(readFileSync(raw, 'utf8'));
  const added = [library(), ...networks()];
  document.components.push(...added);
  const own = document.metadata.component['bom-ref'];
  document.dependencies = document.dependencies.map((one) =>
    one.ref === own
      ? { ...one, dependsOn: [...(one.dependsOn ?? []), ...added.map((part) => part['bom-ref'])].sort() }
      : one,
  );
  document.dependencies.push(...added.map((part) => ({ ref: part['bom-ref'] })));
  writeFileSync(resolve(values.out), `${JSON.stringify(document, null, 2)}\n`);
  console.log(`${values.out}: ${document.components.length} components`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
