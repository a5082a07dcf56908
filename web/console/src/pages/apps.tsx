import { place } from '../router.ts';
import { AppPage } from './apps/app.tsx';
import { AppList } from './apps/list.tsx';

/** The list of apps, or one app where the address names one. */
export function AppsPage() {
  const { path } = place.value;
  const appid = path.startsWith('/apps/') ? decodeURIComponent(path.slice('/apps/'.length)) : '';
  return appid === '' ? <AppList /> : <AppPage key={appid} appid={appid} />;
}
