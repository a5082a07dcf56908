import type { LivenessBody } from './schemas.ts';

/**
 * A whole answer for the documentation: made up, with some of the quality components and key points of a real
 * one.
 */
export const EXAMPLE_ANSWER: LivenessBody = {
  requestId: '0f3c1f0e-8d1d-4c55-9f0b-1f6f2f3d9a10',
  verdict: 'live',
  profile: 'careful',
  score: 92,
  review: false,
  reviewLimits: { low: 0.25, high: 0.75 },
  rawScore: 92,
  threshold: 87,
  capturePreset: 'lenient',
  liveProbability: 0.894,
  classProbabilities: { live: 0.795, attack_1: 0.204, attack_2: 0.001 },
  faceBox: { left: 105.1, top: 115.3, right: 285.7, bottom: 365.6 },
  keyPoints: {
    eyeLeft: { x: 190.1, y: 209.3 },
    eyeRight: { x: 261.5, y: 232.1 },
    nose: { x: 233.6, y: 270.7 },
    mouth: { x: 214.6, y: 308 },
    earLeft: { x: 111, y: 209.4 },
    earRight: { x: 266.1, y: 255.1 },
  },
  faceCount: 1,
  rotation: 0,
  quality: [
    {
      name: 'FaceWidth',
      value: 180.6,
      unit: 'px',
      min: 48,
      max: null,
      passed: true,
      advisedMin: 80,
      advisedMax: null,
    },
    {
      name: 'Sharpness',
      value: 12.4,
      unit: 'variance of the Laplacian',
      min: 6,
      max: null,
      passed: true,
      advisedMin: 16,
      advisedMax: null,
    },
  ],
  reasons: [
    {
      code: 'SOFT',
      severity: 'warning',
      text: 'The face is not quite sharp.',
      advice: 'Hold still and let the camera focus.',
    },
  ],
  models: [
    {
      name: 'minifasnet-v2-se-128',
      role: 'classifier',
      sha256: '0000000000000000000000000000000000000000000000000000000000000000',
    },
  ],
  timings: { decode: 6.1, detect: 14.2, crop: 9.7, classify: 41.3, quality: 1.1, total: 72.6 },
};
