import { type CorsSettings, isAllowedPreflight, PREFLIGHT_HEADERS } from '../http/cors.ts';
import type { Face } from '../http/face.ts';
import { httpFaultEnvelope } from '../http/http-faults.ts';
import { pathOf } from '../http/path.ts';
import { createLegacyHandler, type LegacyDeps } from './handler.ts';

/** The one path of the old API that is served. */
export const LEGACY_PATH = '/face/livedetectpicture';

/** The old API as one that can be mounted: its one path, `POST` alone. */
export function createLegacyFace(deps: LegacyDeps & { readonly cors: CorsSettings }): Face {
  return {
    owns: (path) => decoded(path) === LEGACY_PATH,
    early(request) {
      const { method = '', headers, url = '' } = request;
      // Written with percent escapes it is a path for `POST` alone.
      if (method !== 'POST' && pathOf(url) !== LEGACY_PATH) return httpFaultEnvelope('not_found');
      if (isAllowedPreflight(deps.cors, method, headers)) {
        return { http: 200, kind: null, message: 'OK', data: {}, headers: PREFLIGHT_HEADERS };
      }
      return method === 'POST' ? null : httpFaultEnvelope('method', { allow: 'POST' });
    },
    handle: createLegacyHandler(deps),
  };
}

/** A path with its percent escapes resolved; as it is where they cannot be. */
function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
