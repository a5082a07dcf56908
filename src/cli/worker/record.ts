import type { GroupDecision, RowDecision } from '../../jobs/judge-row.ts';
import type { LedgerRow, StillRecord } from '../../ledger/types.ts';
import type { ModelUsed } from '../../liveness/types.ts';
import { isS3, placeOf } from '../../storage/place.ts';
import { downloadRefusedRow, ledgerRow } from '../../wire/decision/ledger-row.ts';
import { version } from '../shared/version.ts';

/** The source of a picture as the ledger has it: no path and no url, which may name a person. */
function sourceOf(picture: string): string {
  const object = isS3(picture) ? placeOf(picture) : null;
  if (object !== null) return `s3:${object.bucket}`;
  return URL.canParse(picture) && /^https?:/i.test(picture) ? `url:${new URL(picture).host}` : 'bytes';
}

/** The request id of a row of a batch in the ledger. */
export const requestIdOf = (batchId: string, row: number): string => `batch-${batchId}-${row}`;

/** The ledger's row of a picture of a batch: as of a v1 call of the app. */
export function batchRecord(models: readonly ModelUsed[]): (decision: RowDecision) => LedgerRow {
  return (decision) => recordWith(models, decision, []);
}

/** The ledger's row of a group: as of a v1 call with several stills. */
export function groupRecord(models: readonly ModelUsed[]): (decision: GroupDecision) => LedgerRow {
  return ({ decision, stills }) => recordWith(models, decision, stills);
}

function recordWith(
  models: readonly ModelUsed[],
  { lease, row, picture, judgement, fault, rules, startedAt }: RowDecision,
  stills: readonly RowDecision[],
): LedgerRow {
  const score = judgement?.score ?? null;
  const kind = fault?.kind ?? (judgement?.verdict === 'no_face' ? 'no_face' : null);
  const open = {
    api: 'v1' as const,
    version,
    at: Date.now(),
    exchange: { requestId: requestIdOf(lease.batchId, row.row), startedAt, callerAddress: '' },
    facts: {
      appid: lease.appid,
      secretId: lease.secretId,
      source: sourceOf(stills[0]?.row.picture ?? row.picture),
      ...(picture === null ? {} : { pictureBytes: picture.bytes, pictureSha256: picture.sha256 }),
    },
    envelope: { http: 200, kind, data: score === null ? {} : { score } },
    fault,
    rules,
    ...(stills.length === 0 ? {} : { stills: stills.flatMap(stillRecord) }),
  };
  return picture === null ? downloadRefusedRow(open) : ledgerRow({ ...open, judgement, models });
}

/** A still that was not to be had leaves no trace but the group's reason. */
function stillRecord({ row, picture, judgement }: RowDecision): readonly StillRecord[] {
  if (picture === null) return [];
  return [
    {
      ...picture,
      source: sourceOf(row.picture),
      verdict: judgement?.verdict ?? null,
      rawScore: judgement?.rawScore ?? null,
    },
  ];
}
