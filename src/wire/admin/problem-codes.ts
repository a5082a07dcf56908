/** What a mistake of whoever asks comes to: no such thing, not possible now, or without meaning. */
export type UsageKind = 'unknown' | 'conflict' | 'invalid';

/**
 * The mistakes of whoever asks that the admin API tells apart, by code: the reason of the `UsageError`.
 * Every other one is answered as `invalid_request` with its detail, so that this table and the refusals are
 * all that a client has to know.
 */
export const USAGE_PROBLEMS = {
  admin_key_unknown: 'unknown',
  api_key_unknown: 'unknown',
  app_unknown: 'unknown',
  batch_unknown: 'unknown',
  decision_unknown: 'unknown',
  passkey_unknown: 'unknown',
  provider_unknown: 'unknown',
  row_unknown: 'unknown',
  secret_unknown: 'unknown',
  session_unknown: 'unknown',
  user_unknown: 'unknown',
  app_closed: 'conflict',
  app_exists: 'conflict',
  batch_over: 'conflict',
  changed_meanwhile: 'conflict',
  last_administrator: 'conflict',
  no_usable_secret: 'conflict',
  secret_exists: 'conflict',
  secret_same: 'conflict',
  setup_done: 'conflict',
  user_exists: 'conflict',
  user_of_provider: 'conflict',
  verification_running: 'conflict',
  bad_operating_points: 'invalid',
  broken_input: 'invalid',
  encoding_unknown: 'invalid',
  erase_target: 'invalid',
  fileid_missing: 'invalid',
  head_malformed: 'invalid',
  invalid_appid: 'invalid',
  invalid_bucket: 'invalid',
  invalid_expiry: 'invalid',
  invalid_fileid: 'invalid',
  invalid_limit: 'invalid',
  invalid_name: 'invalid',
  invalid_network: 'invalid',
  invalid_password: 'invalid',
  invalid_policy: 'invalid',
  invalid_request: 'invalid',
  invalid_role: 'invalid',
  invalid_scope: 'invalid',
  invalid_secret_id: 'invalid',
  invalid_secret_key: 'invalid',
  list_too_large: 'invalid',
  no_list: 'invalid',
  no_pictures: 'invalid',
  pictures_dir: 'invalid',
  secret_incomplete: 'invalid',
  webhook_off: 'invalid',
  webhook_url: 'invalid',
} as const satisfies Readonly<Record<string, UsageKind>>;

/** What else the admin API answers, beside the refusals: of the framework, and what nobody caused. */
export const OTHER_PROBLEMS = [
  'body_too_large',
  'internal_error',
  'not_found',
  'store_unavailable',
  'unsupported_media_type',
] as const;
