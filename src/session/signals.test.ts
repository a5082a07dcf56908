import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { readFacts, type UploadFacts } from './facts.ts';
import { jpegStructure } from './jpeg-structure.ts';
import { type CaptureSeen, type CaptureSignal, captureSignals } from './signals.ts';

const jpeg = (width = 640, height = 480, more: (image: Sharp) => Sharp = (image) => image) =>
  more(sharp({ create: { width, height, channels: 3, background: '#806040' } }))
    .jpeg()
    .toBuffer();
const facts: UploadFacts = { label: 'FaceTime HD Camera', width: 640, height: 480, takenAfter: 1300 };
const plain = await jpeg();
const made = {
  png: await sharp(plain).png().toBuffer(),
  progressive: await sharp(plain).jpeg({ progressive: true }).toBuffer(),
  edited: await jpeg(640, 480, (image) => image.withExif({ IFD0: { Software: 'Adobe Photoshop 26' } })),
  wide: await jpeg(1280, 720),
  cut: await jpeg(601, 800),
};
const seen = (change: Partial<CaptureSeen> = {}): CaptureSeen => ({
  facts,
  picture: plain,
  sha256: 'aa',
  earlier: [{ sha256: 'bb' }],
  before: { takenAfter: 1000 },
  ...change,
});

describe('capture signals', () => {
  it.each<readonly [readonly CaptureSignal[], Partial<CaptureSeen>]>([
    [[], {}],
    [[], { facts: { ...facts, label: 'DroidCam' } }],
    [[], { facts: { ...facts, width: 480, height: 640 } }],
    [['facts_missing'], { facts: null }],
    [['camera_label_missing'], { facts: { ...facts, label: ' ' } }],
    [['camera_virtual'], { facts: { ...facts, label: 'OBS Virtual Camera' } }],
    [['camera_virtual'], { facts: { ...facts, label: 'ManyCam Video Source' } }],
    [['frames_identical'], { sha256: 'bb' }],
    [['timing_implausible'], { before: { takenAfter: 1300 } }],
    [['timing_implausible'], { facts: { ...facts, takenAfter: null } }],
    [['timing_implausible'], { facts: { ...facts, takenAfter: 9000 } }],
    [['jpeg_structure'], { picture: made.png }],
    [['jpeg_structure'], { picture: made.progressive }],
    [['jpeg_structure', 'editor_metadata'], { picture: made.edited }],
    [['resolution_differs'], { picture: made.wide }],
    [['resolution_unusual', 'resolution_differs'], { picture: made.cut }],
  ])('are %j', (expected, change) => {
    expect(captureSignals(seen(change))).toEqual(expected);
  });

  it('of any bytes and facts are found without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.string(), (bytes, header) => {
        const picture = Buffer.concat([Buffer.from([0xff, 0xd8]), bytes]);
        expect(jpegStructure(picture)?.width ?? 0).toBeGreaterThanOrEqual(0);
        expect(captureSignals(seen({ picture, facts: readFacts(header) }))).toContain('facts_missing');
      }),
    );
  });
});

describe('facts', () => {
  const header = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each([
    [
      header({ label: 'a', width: 1, height: 2, takenAfter: 3, more: 4 }),
      { label: 'a', width: 1, height: 2, takenAfter: 3 },
    ],
    [
      header({ label: 1, width: -1, height: 'x', takenAfter: null }),
      { label: '', width: null, height: null, takenAfter: null },
    ],
    [header([]), null],
    [header(null), null],
    ['', null],
    ['%%%', null],
    ['a'.repeat(3000), null],
  ])('%s', (text, expected) => expect(readFacts(text)).toEqual(expected));
});
