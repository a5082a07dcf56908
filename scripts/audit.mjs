// Asks the registry for known vulnerabilities of what runs in production. Status 1 from severity "high" on; a registry without that
// service, or out of reach, is said and does not fail the build.
import { spawnSync } from 'node:child_process';

const grave = ['high', 'critical'];
const windows = process.platform === 'win32';
const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  shell: windows,
  timeout: 120_000,
  maxBuffer: 64 * 1024 * 1024,
});

/** The report, or null where npm gave none. */
function reportOf(text) {
  try {
    const report = JSON.parse(text);
    return typeof report.vulnerabilities === 'object' && report.metadata !== undefined ? report : null;
  } catch {
    return null;
  }
}

const report = reportOf(stdout ?? '');
if (report === null) {
  let why = error?.message ?? 'npm gave no report';
  try {
    const answer = JSON.parse(stdout);
    why = answer.message ?? answer.error?.summary ?? why;
  } catch {}
  console.warn(`audit: not done, the registry has no such service or is out of reach (${why.slice(0, 200)})`);
} else {
  const all = Object.values(report.vulnerabilities);
  for (const { name, severity, range, fixAvailable } of all) {
    console.log(`${severity}: ${name} ${range}${fixAvailable ? ', a fixed version is there' : ''}`);
  }
  const failing = all.filter(({ severity }) => grave.includes(severity));
  console.log(`audit: ${all.length} known vulnerabilities, ${failing.length} of them high or critical`);
  if (failing.length > 0) process.exitCode = 1;
}
