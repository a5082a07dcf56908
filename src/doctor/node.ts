import { type Check, fail, ok, warn } from './check.ts';

/**
 * By line of Node.js, the first release in which the names in a JSON body cannot be made to collide
 * (CVE-2026-21717, March 2026): before it, one request can hold up the whole service.
 */
const SAFE_RELEASES: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
  20: [20, 2],
  22: [22, 2],
  24: [14, 1],
};

/**
 * The version of Node.js.
 * @param version as in `process.version`
 */
export function checkNode(version: string): Check {
  const name = 'Node.js';
  const [major = 0, minor = 0, patch = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return fail(name, version, 'livestill needs Node.js 20.19 or newer: install 24.');
  }
  const safe = SAFE_RELEASES[major];
  if (safe === undefined) {
    return warn(name, version, 'livestill is tested with Node.js 20, 22 and 24: use one of these.');
  }
  const isSafe = minor > safe[0] || (minor === safe[0] && patch >= safe[1]);
  if (isSafe && major === 20) {
    return warn(
      name,
      `${version}: past its end of life (April 2026), without security fixes`,
      'Go over to Node.js 24.',
    );
  }
  return isSafe
    ? ok(name, version)
    : warn(
        name,
        `${version}: a hostile JSON body can hold it up (CVE-2026-21717)`,
        major === 20 ? 'Go over to Node.js 24.' : `Update to ${major}.${safe.join('.')} or newer.`,
      );
}
