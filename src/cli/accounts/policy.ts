import { type Command, InvalidArgumentError, Option } from 'commander';
import type { App, AppPolicy } from '../../account/types.ts';
import { checkPolicy } from '../../account/validate.ts';
import type { Config } from '../../config/load.ts';
import { previewChange } from '../../console/apps.ts';
import { UsageError } from '../../faults.ts';
import { DEFAULT_PROFILE, PROFILES } from '../../liveness/profiles.ts';
import { CAPTURE_NAMES, reasonsOf } from '../../liveness/quality/capture.ts';
import type { CapturePreset, Profile, ReviewLimits } from '../../liveness/types.ts';
import { rejects } from '../../policy/decide.ts';
import { checkRules, type JudgingRules } from '../../policy/policy.ts';
import type { Policy, PolicyPreview } from '../../policy/preview.ts';
import { count } from '../../report/count.ts';
import type { Store } from '../../store/open.ts';
import { duration, moment, numberOrDefault } from '../shared/arguments.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { type Outcome, pairs, perform } from '../shared/outcome.ts';
import { reviewLimitsOf } from '../shared/review-limits.ts';
import { createTable } from '../shared/table.ts';
import { appJson, reviewText } from './app-text.ts';
import { type GivenThreshold, resolveThreshold, thresholdOrName } from './named-threshold.ts';

interface PolicyOptions extends DataOptions {
  readonly json?: boolean;
  readonly appid?: string;
  readonly threshold?: GivenThreshold;
  readonly profile?: Profile | 'default';
  readonly capture?: CapturePreset | 'default';
  readonly review?: ReviewLimits | 'default';
  readonly severalFaces?: JudgingRules['severalFaces'];
  readonly minFace?: number | null;
  readonly rejectOn?: readonly string[] | null;
  readonly poorQuality?: JudgingRules['poorQuality'];
}

/** Adds `livestill app policy` and `livestill app policy preview`. */
export function registerPolicy(app: Command): void {
  const policy = dataCommand(
    app,
    'policy',
    'show or set what the app decides for itself; "default" goes back to the server\'s setting',
  )
    .argument('[appid]')
    .option('--appid <digits>', 'the app, in place of the argument')
    .addOption(thresholdOption())
    .addOption(
      new Option('--profile <name>', 'how carefully pictures are judged').choices([...PROFILES, 'default']),
    )
    .addOption(capturePreset())
    .addOption(reviewOption());
  withRules(policy)
    .addHelpText(
      'after',
      `
Threshold, profile, capture preset and limits of review count for both APIs, everything else for /v1
alone: the old endpoint keeps to its contract, and its answer does not say what is for review. Without an option the settings are shown. The limits of each capture
preset are in docs/understand/quality.md; --min-face adds to them, and a limit whose reason is not among those
of --reject-on only warns.

An operating point stands for the threshold that was measured for the app's profile (GET
/v1/operating-points); the number is kept, so a later measurement changes nothing by itself.

Examples:
  livestill app policy 1000001
  livestill app policy 1000001 --threshold 92 --several-faces reject --min-face 120
  livestill app policy 1000001 --capture standard
  livestill app policy 1000001 --review 0.2,0.8
  livestill app policy preview --appid 1000001 --threshold 90 --since 7d
  livestill app policy preview --appid 1000001 --capture strict`,
    )
    .action((appid: string | undefined, options: PolicyOptions, command: Command) =>
      perform(command, options, () => showOrSet(appidOf(appid, options), options)),
    );
  preview(policy);
}

function thresholdOption(): Option {
  return new Option(
    '--threshold <number|name>',
    'score above which a picture is taken for live, 0-100, or the operating point lenient, balanced, strict',
  ).argParser(thresholdOrName);
}

function capturePreset(): Option {
  return new Option(
    '--capture <preset>',
    'what pictures must offer before they are judged: face size, space around it, pose, picture size',
  ).choices([...CAPTURE_NAMES, 'default']);
}

function reviewOption(): Option {
  return new Option(
    '--review <low,high>',
    'probabilities between which a judgement is for review, such as 0.2,0.8; default',
  ).argParser(reviewLimits);
}

/** Two numbers with a comma. */
function reviewLimits(text: string): ReviewLimits | 'default' {
  if (text === 'default') return text;
  const [low, high] = text.split(',').map(Number);
  if (/^[\d.]+,[\d.]+$/.test(text) && low !== undefined && high !== undefined) return { low, high };
  throw new InvalidArgumentError('Expected two probabilities such as 0.2,0.8, or default.');
}

function withRules(command: Command): Command {
  return command
    .addOption(
      new Option('--several-faces <what>', 'judge the largest, or take the picture for unfit').choices([
        'largest',
        'reject',
      ]),
    )
    .option('--min-face <pixels>', 'narrower faces are unfit to be judged', numberOrDefault)
    .option(
      '--reject-on <codes>',
      'quality failures that make a picture unfit: BLURRED,TOO_DARK; none; default',
      codes,
    )
    .addOption(
      new Option(
        '--poor-quality <what>',
        'verdict: poor quality is a verdict of its own; warning: the score decides all the same',
      ).choices(['verdict', 'warning']),
    );
}

/** A list of reason codes with commas; `none`: no code, null for `default`. */
function codes(text: string): readonly string[] | null {
  if (text === 'default') return null;
  if (text === 'none') return [];
  return text.split(',').map((code) => code.trim().toUpperCase());
}

function appidOf(argument: string | undefined, options: { readonly appid?: string }): string {
  const appid = argument ?? options.appid;
  if (appid !== undefined) return appid;
  throw new UsageError('appid_missing', 'expected an appid: "livestill app list" shows those that exist');
}

/** Only what was asked for. */
function given<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** As `changes`, with the threshold of a named operating point looked up for the profile that judges. */
async function resolved(options: PolicyOptions, app: App | null, store: Store, config: Config) {
  const own = options.profile ?? app?.policy.profile ?? 'default';
  const profile = own === 'default' ? (config.profile ?? DEFAULT_PROFILE) : own;
  const threshold = await resolveThreshold(options.threshold, profile, store, config);
  return changes({ ...options, ...(threshold === undefined ? {} : { threshold }) });
}

function changes(options: PolicyOptions): { policy: Partial<AppPolicy>; rules: Partial<JudgingRules> } {
  const { severalFaces, minFace: minFaceWidth, rejectOn, poorQuality } = options;
  // A name is looked up once the app is known.
  const threshold = typeof options.threshold === 'string' ? undefined : options.threshold;
  const profile = options.profile === 'default' ? null : options.profile;
  const capture = options.capture === 'default' ? null : options.capture;
  const review = options.review === 'default' ? null : options.review;
  const policy = given({ threshold, profile, capture, review }) as Partial<AppPolicy>;
  const rules = given({ severalFaces, minFaceWidth, rejectOn, poorQuality }) as Partial<JudgingRules>;
  checkPolicy(policy);
  checkRules(rules);
  return { policy, rules };
}

function showOrSet(appid: string, options: PolicyOptions): Promise<Outcome> {
  changes(options);
  return withStore(options, false, async (store, config) => {
    const change = await resolved(options, await store.accounts.findApp(appid), store, config);
    const app = await store.accounts.setPolicy(appid, change.policy);
    const rules =
      Object.keys(change.rules).length === 0
        ? await store.rules.findRules(appid)
        : await store.rules.setRules(appid, change.rules);
    return {
      text: `Settings of ${appid}:\n\n${pairs(policyLines(app, rules))}${onlyWarning(app.policy.capture ?? config.capture, rules)}`,
      json: { ...appJson(app), rules },
    };
  });
}

/** Which limits of a capture preset refuse nothing at /v1 under these rules. */
function onlyWarning(preset: CapturePreset, rules: JudgingRules): string {
  const idle = reasonsOf(preset).filter((code) => !rejects(code, rules));
  if (idle.length === 0) return '';
  return `\n\nUnder "reject on" and "poor quality" these of the capture preset ${preset} only warn at /v1: ${idle.join(', ')}.`;
}

function policyLines({ policy }: App, rules: JudgingRules): readonly (readonly [string, string])[] {
  const { severalFaces, minFaceWidth, rejectOn, poorQuality } = rules;
  return [
    ['threshold', String(policy.threshold ?? 'default')],
    ['profile', policy.profile ?? 'default'],
    ['capture preset', policy.capture ?? 'default'],
    ['review', reviewText(policy.review)],
    ['several faces', severalFaces],
    ['minimum face', minFaceWidth === null ? 'default' : `${minFaceWidth} pixels wide`],
    ['reject on', rejectOn === null ? 'default: every quality error' : rejectOn.join(', ') || 'none'],
    ['poor quality', poorQuality],
  ];
}

interface PreviewOptions extends PolicyOptions {
  readonly since: Date;
  readonly until?: Date;
}

function preview(parent: Command): void {
  const command = dataCommand(
    parent,
    'preview',
    'say what other settings would have done to the pictures of the ledger (the audit log of decisions); nothing is changed',
  )
    .argument('[appid]')
    .option('--appid <digits>', 'the app, in place of the argument')
    .addOption(thresholdOption())
    .addOption(capturePreset())
    .addOption(reviewOption())
    .option('--since <time>', 'from then on: 7d, 12h, 2026-11-23', sinceTime, sinceTime('7d'))
    .option('--until <time>', 'before this time', moment);
  withRules(command).action((appid: string | undefined, _options: PreviewOptions, self: Command) => {
    // Options that "policy" has too are taken by it, wherever they stand.
    const options = withNulls(self.optsWithGlobals<PreviewOptions>());
    return perform(self, options, () => runPreview(appidOf(appid, options), options));
  });
}

/**
 * commander makes an empty text of a null that an option's parser gave; here of those that the parent command
 * parsed.
 */
function withNulls(options: PreviewOptions): PreviewOptions {
  const members = Object.entries(options).map(([name, value]) => [name, value === '' ? null : value]);
  return Object.fromEntries(members) as PreviewOptions;
}

/** A moment, or a duration before now. */
function sinceTime(text: string): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() - duration(text) * 1000);
  try {
    return moment(text);
  } catch {
    throw new InvalidArgumentError('Expected a duration such as 7d, or a time such as 2026-11-23.');
  }
}

function runPreview(appid: string, options: PreviewOptions): Promise<Outcome> {
  changes(options);
  return withStore(options, false, async (store, config) => {
    const app = await store.accounts.findApp(appid);
    const change = await resolved(options, app, store, config);
    const rules = await store.rules.findRules(appid);
    const { since, until } = options;
    const proposal = { ...change.policy, rules: change.rules };
    const range = { since, until };
    const server = { ...config, reviewLimits: await reviewLimitsOf(config) };
    const compared = await previewChange(store.ledger, server, { app, appid, rules }, proposal, range);
    const { current, proposed, preview: found } = compared;
    return {
      text: previewText(found, current, proposed, since),
      json: { appid, since, until: until ?? null, current, proposed, preview: found },
    };
  });
}

function previewText(found: PolicyPreview, current: Policy, proposed: Policy, since: Date): string {
  const { scored, unscored, newlyRefused, newlyAccepted } = found;
  const from = since.toISOString();
  if (scored === 0) return `The ledger holds no picture with a score of this app since ${from}.`;
  const by = Object.entries(found.newlyRefusedBy).sort(([, a], [, b]) => b - a);
  const unfit = by.length === 0 ? '' : `\n  Too poor by ${by.map(([code, n]) => `${code} ${n}`).join(', ')}.`;
  const needsValues =
    current.capture !== proposed.capture || current.rules.minFaceWidth !== proposed.rules.minFaceWidth;
  const share = (count: number) => `${((100 * count) / scored).toFixed(1)} %`;
  const rows = (['live', 'attack', 'poor_quality'] as const).map((verdict) => [
    verdict,
    `${found.current[verdict]} (${share(found.current[verdict])})`,
    `${found.proposed[verdict]} (${share(found.proposed[verdict])})`,
  ]);
  const layout = createTable(
    [{ title: 'verdict' }, { title: 'as it is', right: true }, { title: 'as proposed', right: true }],
    rows,
  );
  return `Of ${count(scored, 'picture')} with a score since ${from}, with ${difference(current, proposed)}:
  ${share(newlyRefused)} more would have been refused (${newlyRefused}), ${share(newlyAccepted)} more accepted (${newlyAccepted}).${unfit}
${reviewEffect(found)}

${[layout.head, ...rows.map((row) => layout.line(row))].join('\n')}

${unscored} further pictures had no score (no face, or not decodable): no setting changes those.${needsValues ? lackingText(found) : ''}`;
}

/** What would have been for review; nothing where neither policy has anything for it. */
function reviewEffect({
  review,
  newlyForReview,
  noLongerForReview,
  withoutProbability,
}: PolicyPreview): string {
  if (review.current === 0 && review.proposed === 0) return '';
  const lacking =
    withoutProbability === 0
      ? ''
      : ` Of ${withoutProbability} the ledger holds no probability: of those nothing changes.`;
  return `  For review: ${review.current} as it is, ${review.proposed} as proposed (${newlyForReview} more, ${noLongerForReview} fewer).${lacking}\n`;
}

/** Of which pictures it is not known what the limits would have done. */
function lackingText({ unmeasured, scored }: PolicyPreview): string {
  if (unmeasured === 0) return '';
  return `
Of ${unmeasured} of the ${scored} with a score the ledger does not hold size, padding and pose (an earlier version wrote them): they
are counted with the reasons they were given, so more of them may be refused.`;
}

/** What is proposed, in words. */
function difference(current: Policy, proposed: Policy): string {
  const parts: string[] = [];
  if (proposed.threshold !== current.threshold) {
    parts.push(`threshold ${proposed.threshold} instead of ${current.threshold}`);
  }
  if (proposed.capture !== current.capture) {
    parts.push(`capture preset ${proposed.capture} instead of ${current.capture}`);
  }
  const [before, after] = [reviewText(current.review), reviewText(proposed.review)];
  if (before !== after) parts.push(`review ${after} instead of ${before}`);
  for (const name of ['severalFaces', 'minFaceWidth', 'rejectOn', 'poorQuality'] as const) {
    const [before, after] = [shown(current.rules[name]), shown(proposed.rules[name])];
    if (before !== after) parts.push(`${name} ${after} instead of ${before}`);
  }
  return parts.length === 0 ? 'the settings as they are' : parts.join(', ');
}

function shown(value: string | number | readonly string[] | null): string {
  if (value === null) return 'default';
  return !Array.isArray(value) ? String(value) : value.join(',') || 'none';
}
