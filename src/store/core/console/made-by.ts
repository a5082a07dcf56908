import { sql } from 'kysely';

/**
 * Says of the admin keys that are there which user made them, as the log of changes tells it: under a name
 * that a user has who was there at that time, or with a key that such a user had made.
 */
export const MADE_BY_LOG = sql`
  with recursive made (key_id, user_id) as (
    select admin_log.target, console_user.id from admin_log join console_user
      on console_user.name = admin_log.actor_name and console_user.created_at <= admin_log.at
      where admin_log.action = 'admin_key.create' and admin_log.actor_kind = 'console'
    union
    select admin_log.target, made.user_id from admin_log join made on made.key_id = admin_log.actor_name
      where admin_log.action = 'admin_key.create' and admin_log.actor_kind = 'key')
  update admin_key set made_by = (select min(user_id) from made where made.key_id = admin_key.key_id)`;
