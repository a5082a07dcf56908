import { type ActivityDeps, activityArea } from './activity.ts';
import type { AdminArea } from './area.ts';
import { type DecisionsDeps, decisionArea } from './decisions.ts';
import { type ThresholdDeps, thresholdArea } from './threshold.ts';
import { type TryDeps, tryArea } from './try.ts';

/** What the pages of the console read and do beside accounts. */
export type OverviewDeps = DecisionsDeps & ActivityDeps & ThresholdDeps & TryDeps;

/** The areas of the admin API that show what the service does. */
export function overviewAreas(deps: OverviewDeps): readonly AdminArea[] {
  return [decisionArea(deps), activityArea(deps), thresholdArea(deps), tryArea(deps)];
}
