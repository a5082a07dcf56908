// Asks the registry for known vulnerabilities of what runs in production. Status 1 from severity "high" on; a registry without that
// service, or out of reach, is said and does not fail the build.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const grave = ['high', 'critical'];
const windows = process.platform === 'win32';

/** What `npm audit` says of the project in `cwd`. */
function audit(cwd) {
  const flags = ['audit', '--omit=dev', '--json'];
  const limits = { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
  return spawnSync('npm', flags, { cwd, encoding: 'utf8', shell: windows, ...limits });
}

/** The same of the inference library, which is no dependency: a project that has nothing else is asked about. */
function auditLibrary() {
  const { package: name, version } = JSON.parse(readFileSync('native/native.lock.json', 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'livestill-audit-'));
  try {
    const root = { name: 'library', version: '0.0.0', dependencies: { [name]: version } };
    const packages = { '': root, [`node_modules/${name}`]: { version } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
    writeFileSync(
      join(folder, 'package-lock.json'),
      JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }),
    );
    return audit(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The report, or null where npm gave none. */
function reportOf(text) {
  try {
    const report = JSON.parse(text);
    return typeof report.vulnerabilities === 'object' && report.metadata !== undefined ? report : null;
  } catch {
    return null;
  }
}

for (const [what, { stdout, error }] of [
  ['dependencies', audit('.')],
  ['inference library', auditLibrary()],
]) {
  const report = reportOf(stdout ?? '');
  if (report === null) {
    let why = error?.message ?? 'npm gave no report';
    try {
      const answer = JSON.parse(stdout);
      why = answer.message ?? answer.error?.summary ?? why;
    } catch {}
    console.warn(
      `audit of ${what}: not done, the registry has no such service or is out of reach (${why.slice(0, 200)})`,
    );
    continue;
  }
  const all = Object.values(report.vulnerabilities);
  for (const { name, severity, range, fixAvailable } of all) {
    console.log(`${severity}: ${name} ${range}${fixAvailable ? ', a fixed version is there' : ''}`);
  }
  const failing = all.filter(({ severity }) => grave.includes(severity));
  console.log(
    `audit of ${what}: ${all.length} known vulnerabilities, ${failing.length} of them high or critical`,
  );
  if (failing.length > 0) process.exitCode = 1;
}
