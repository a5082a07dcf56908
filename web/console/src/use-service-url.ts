import { call } from './api.ts';
import { useLoad } from './use-load.ts';

/** Where callers reach the service, for code to copy; until it is known, the usual port on this host. */
export function useServiceUrl(): string {
  const { value } = useLoad('service', (signal) => call<{ readonly url: string }>('/service', { signal }));
  return value?.url ?? `http://${location.hostname}:8787`;
}
