/**
 * The camera component: importing this module defines `<livestill-camera>`.
 *
 * @example
 * <script type="module" src="/camera/index.js"></script>
 * <livestill-camera auto reason="We compare it with your document."></livestill-camera>
 */
import { LivestillCamera } from './element.ts';

export {
  type CameraState,
  ERROR_KINDS,
  type ErrorKind,
  HINT_KINDS,
  type HintKind,
  REFUSAL_KINDS,
  type RefusalKind,
} from './kinds.ts';
export type {
  CameraFacts,
  ErrorDetail,
  FacePlace,
  HintDetail,
  LivestillCameraEventMap,
  ProgressDetail,
  Reading,
  RefusedDetail,
  Series,
  SeriesFacts,
  SessionAccess,
  StillFacts,
  UploadedDetail,
} from './types.ts';
export { LivestillCamera };

if (globalThis.customElements?.get('livestill-camera') === undefined) {
  globalThis.customElements?.define('livestill-camera', LivestillCamera);
}
