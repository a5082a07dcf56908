/**
 * What clients of the old call compare with: a score above it is taken for live (wire contract, section 1).
 */
export const CONTRACT_THRESHOLD = 87;

/**
 * The score that the old endpoint reports, so that a client with the fixed rule "above 87 is live" decides as
 * the app's threshold does: linear from 0 to the threshold onto 0 to 87, and from the threshold to 100 onto
 * 87 to 100. Integer and monotone in `score`; a score at the threshold or under it never passes 87, one above
 * it never stays at 87. Halves are rounded down, towards refusal. With the threshold at 87 whole scores stay
 * as they are. 0 stays 0; 100 stays 100, except under a threshold of 100, which nothing passes.
 *
 * @param score as judged, 0-100
 * @param threshold above which a picture is taken for live, 0-100
 */
export function reportedScore(score: number, threshold: number): number {
  if (score <= threshold) {
    const mapped = threshold === 0 ? 0 : (score * CONTRACT_THRESHOLD) / threshold;
    return Math.min(CONTRACT_THRESHOLD, halfDown(mapped));
  }
  const above = (100 - CONTRACT_THRESHOLD) / (100 - threshold);
  return Math.max(CONTRACT_THRESHOLD + 1, halfDown(CONTRACT_THRESHOLD + (score - threshold) * above));
}

/**
 * The nearest whole number, the lower one of two equally near; free of the last bits' noise of a division;
 * never -0.
 */
function halfDown(value: number): number {
  return Math.ceil(Math.round(value * 1e9) / 1e9 - 0.5) + 0;
}
