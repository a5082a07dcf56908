import { useState } from 'preact/hooks';
import { ApiError, call } from '../../api.ts';
import { t } from '../../i18n/index.ts';
import { Differences, differencesOf } from '../../ui/difference.tsx';
import { say } from '../../ui/say.ts';
import type { AppInFull } from './model.ts';

/** What a part of the page of an app is given: the app as it was read, and what takes a newer one. */
export interface AppPart {
  readonly app: AppInFull;
  readonly onChange: (app: AppInFull) => void;
}

/** Saving that notices when somebody else was faster. */
export interface Saving {
  /** The app as the other one left it; null: nobody was faster. */
  readonly theirs: AppInFull | null;
  /** Changes the app as it was read; whether that was done. */
  save(path: string, method: 'PATCH' | 'PUT', change: object): Promise<boolean>;
  /** Goes on with the app as it is now. */
  settle(): void;
}

/** The service refuses a change that was made for an app that is not any more: what changed is shown then. */
export function useSaving({ app, onChange }: AppPart): Saving {
  const [theirs, setTheirs] = useState<AppInFull | null>(null);
  return {
    theirs,
    async save(path, method, change) {
      try {
        const json = { ...change, ifVersion: app.version };
        const changed = await call<AppInFull>(path, { method, json });
        onChange({ ...app, ...changed });
        say(t('apps.saved'));
        return true;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'changed_meanwhile') throw error;
        setTheirs(await call<AppInFull>(`/apps/${app.appid}`));
        return false;
      }
    },
    settle() {
      if (theirs !== null) onChange(theirs);
      setTheirs(null);
    },
  };
}

const settingsOf = ({ name, state, buckets, limits, policy, rules }: AppInFull) => ({
  name,
  state,
  buckets,
  limits,
  policy,
  rules,
});

/** Says that somebody else was faster and what is different now, and lets one choose. */
export function Meanwhile(props: {
  readonly app: AppInFull;
  readonly saving: Saving;
  /** Forgets what was filled in. */
  readonly onDiscard: () => void;
}) {
  const { theirs, settle } = props.saving;
  if (theirs === null) return null;
  const differences = differencesOf(settingsOf(props.app), settingsOf(theirs));
  return (
    <div class="meanwhile" role="alert">
      <p>
        <strong>{t('problem.changed_meanwhile')}</strong> {t('apps.meanwhile')}
      </p>
      <Differences differences={differences} />
      <div class="actions">
        <button type="button" class="button" onClick={settle}>
          {t('apps.keepMine')}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            props.onDiscard();
            settle();
          }}
        >
          {t('apps.takeTheirs')}
        </button>
      </div>
    </div>
  );
}
