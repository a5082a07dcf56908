import type { AdminArea } from './area.ts';

/** What the console knows of the service beside it. */
export interface ServiceDeps {
  /**
   * Under which callers reach the service.
   * @param seenHost the host name that the console was asked under
   */
  readonly serviceUrl: (seenHost: string) => string;
}

/** `GET /service`: where the service is, for code to copy. */
export function serviceArea({ serviceUrl }: ServiceDeps): AdminArea {
  return async (app) => {
    app.get(
      '/service',
      { config: { access: 'any' }, schema: { summary: 'Where callers reach the service' } },
      async (request) => ({ url: serviceUrl(request.hostname) }),
    );
  };
}
