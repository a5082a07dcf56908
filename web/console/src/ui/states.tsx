import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api.ts';
import { t } from '../i18n/index.ts';
import { said } from './said.ts';

/** While something is on its way. */
export function Loading() {
  return (
    <div class="state" role="status">
      <span class="spinner" aria-hidden="true" />
      {t('state.loading')}
    </div>
  );
}

/** What could not be loaded, why, and a way to try again. */
export function Failed({ error, retry }: { readonly error: ApiError; readonly retry?: () => void }) {
  const text =
    error.code === 'unreachable'
      ? t('error.unreachable')
      : error.status === 404 && error.code === 'unknown'
        ? t('state.noSignIn')
        : said(error);
  return (
    <div class="state failed" role="alert">
      <strong>{t('state.failed')}</strong>
      <p>{text}</p>
      {error.action !== '' && <p class="dim">{error.action}</p>}
      {error.requestId !== '' && <p class="dim mono">{t('state.requestId', { id: error.requestId })}</p>}
      {retry !== undefined && (
        <button type="button" class="button" onClick={retry}>
          {t('state.retry')}
        </button>
      )}
    </div>
  );
}

/** Where there is nothing to show. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="state empty">{children}</p>;
}
