import Type, { type Static } from 'typebox';
import { BATCH_SETTINGS } from './settings/batch.ts';
import { DOWNLOAD_SETTINGS } from './settings/download.ts';
import { JUDGING_SETTINGS } from './settings/judging.ts';
import { CLOSED } from './settings/kinds.ts';
import { RECORD_SETTINGS } from './settings/records.ts';
import { REQUEST_SETTINGS } from './settings/requests.ts';
import { S3_SETTINGS } from './settings/s3.ts';
import { SERVICE_SETTINGS } from './settings/service.ts';
import { SESSION_SETTINGS } from './settings/sessions.ts';
import { TRACE_SETTINGS } from './settings/traces.ts';

export type { SettingNotes } from './settings/kinds.ts';

/**
 * Every setting with its type, bounds, default and description: the one source of checks and documentation.
 */
export const configSchema = Type.Object(
  {
    // In the order of the documentation.
    ...SERVICE_SETTINGS,
    ...REQUEST_SETTINGS,
    ...JUDGING_SETTINGS,
    ...DOWNLOAD_SETTINGS,
    ...BATCH_SETTINGS,
    ...S3_SETTINGS,
    ...SESSION_SETTINGS,
    ...TRACE_SETTINGS,
    ...RECORD_SETTINGS,
  },
  CLOSED,
);

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The whole configuration: every member is there, checked and frozen. */
export type Config = DeepReadonly<Static<typeof configSchema>>;
