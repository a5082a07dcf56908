import type { RefusalKind } from './kinds.ts';

/** Why there is no camera, with the name of the browser's error where there was one. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly cause: string | null;
}

/** What ends an attempt to open the camera. */
export class RefusalError extends Error {
  readonly refusal: Refusal;

  constructor(kind: RefusalKind, cause: string | null = null) {
    super(kind);
    this.name = 'RefusalError';
    this.refusal = { kind, cause };
  }
}

/** Nothing that the page can do again helps against these. */
const FINAL: readonly RefusalKind[] = [
  'insecure_context',
  'not_supported',
  'blocked_by_policy',
  'canvas_blocked',
];

/** Whether trying again without leaving the page can help. */
export function isRetryable(kind: RefusalKind): boolean {
  return !FINAL.includes(kind);
}

interface PolicyDocument {
  readonly permissionsPolicy?: { allowsFeature(feature: string): boolean };
  readonly featurePolicy?: { allowsFeature(feature: string): boolean };
}

/** What can be known without asking: null where the camera may be asked for. */
export function refusalBeforeAsking(): RefusalKind | null {
  if (!isSecureContext) return 'insecure_context';
  // Typed as always there, missing in embedded browsers and old ones.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (typeof devices?.getUserMedia !== 'function') return 'not_supported';
  const { permissionsPolicy, featurePolicy } = document as PolicyDocument;
  const policy = permissionsPolicy ?? featurePolicy;
  return policy?.allowsFeature('camera') === false ? 'blocked_by_policy' : null;
}

/** The kind of a rejected `getUserMedia`, by the name of its error and, for a denied one, by what the permission says afterwards. */
export async function refusalOf(error: unknown): Promise<Refusal> {
  const cause = nameOf(error);
  switch (cause) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { kind: await denial(), cause };
    case 'NotFoundError':
      return { kind: 'no_camera', cause };
    case 'NotReadableError':
    case 'AbortError':
      return { kind: 'camera_in_use', cause };
    case 'OverconstrainedError':
      return { kind: 'camera_unsuitable', cause };
    default:
      return { kind: 'failed', cause };
  }
}

/** The name of an error, also of one from another frame. */
export function nameOf(error: unknown): string {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' && name !== '' ? name : 'unknown';
}

/** A page that is allowed and yet denied is stopped by the system; one that may ask again was only waved away. */
async function denial(): Promise<RefusalKind> {
  try {
    const { state } = await navigator.permissions.query({ name: 'camera' as PermissionName });
    if (state === 'granted') return 'denied_by_system';
    return state === 'prompt' ? 'dismissed' : 'denied';
  } catch {
    return 'denied';
  }
}
