/**
 * Signatures printed on the old service's public pages, with the throw-away keys printed beside them.
 * `original` is the text inside the signature.
 */
export interface KnownSignature {
  readonly what: string;
  readonly appid: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly original: string;
  readonly signature: string;
}

const bucketApp = {
  appid: '10001290',
  secretId: 'AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK',
  secretKey: 'nwOKDouy5JctNOlnere4gkVoOUz5EYAb',
};
const plainApp = {
  appid: '2011541224',
  secretId: 'AKID2ZkOXFyDRHZRlbPo93SMtzVY79kpAdGP',
  secretKey: 'ckKU7P4FwB4PBZQlnB9hfBAcaKZMeUge',
};
const shortApp = {
  appid: '1000027',
  secretId: 'AKIDnX91172Bs2NK4SP9Ad9JDVYpm7Lx2Nek',
  secretKey: 'oHL5srXW3Fkn8xtugG0BDhUfOOsC9DAd',
};

/**
 * A documentation slip: the page prints this text beside the last signature of the list, which was made of
 * another one.
 */
export const misprintedOriginal =
  'a=1000027&b=test333&k=AKIDnX91172Bs2NK4SP9Ad9JDVYpm7Lx2Nek&t=1443434355&e=1443434365';

export const knownSignatures: readonly KnownSignature[] = [
  {
    what: 'multi-use, all fields',
    ...bucketApp,
    original:
      'a=10001290&b=tencentyun&k=AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK&e=1438669115&t=1436077115&r=11162&u=0&f=',
    signature:
      'L9U0IuDidww68urljeoq6DIid8hhPTEwMDAxMjkwJmI9dGVuY2VudHl1biZrPUFLSURnYW9PWWgya09tSmZXVmRINGxwZnhTY0cyelBMUEdvSyZlPTE0Mzg2NjkxMTUmdD0xNDM2MDc3MTE1JnI9MTExNjImdT0wJmY9',
  },
  {
    what: 'multi-use, bound to a file',
    ...bucketApp,
    original:
      'a=10001290&b=tencentyun&k=AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK&e=1438669115&t=1436077115&r=11162&u=0&f=tencentyunSignTest',
    signature:
      'Pzb65w5vL8tMPVBP0w0fCbww7vRhPTEwMDAxMjkwJmI9dGVuY2VudHl1biZrPUFLSURnYW9PWWgya09tSmZXVmRINGxwZnhTY0cyelBMUEdvSyZlPTE0Mzg2NjkxMTUmdD0xNDM2MDc3MTE1JnI9MTExNjImdT0wJmY9dGVuY2VudHl1blNpZ25UZXN0',
  },
  {
    what: 'single-use',
    ...bucketApp,
    original:
      'a=10001290&b=tencentyun&k=AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK&e=0&t=1436077115&r=11162&u=0&f=tencentyunSignTest',
    signature:
      'DKWF806udLkHcbQXRp31KBmll8FhPTEwMDAxMjkwJmI9dGVuY2VudHl1biZrPUFLSURnYW9PWWgya09tSmZXVmRINGxwZnhTY0cyelBMUEdvSyZlPTAmdD0xNDM2MDc3MTE1JnI9MTExNjImdT0wJmY9dGVuY2VudHl1blNpZ25UZXN0',
  },
  {
    what: 'multi-use, no bucket, u set',
    ...plainApp,
    original:
      'a=2011541224&k=AKID2ZkOXFyDRHZRlbPo93SMtzVY79kpAdGP&e=1432970065&t=1427786065&r=270494647&u=123456&f=',
    signature:
      'NXogk/3r9yDHchVGhpEcglU99gFhPTIwMTE1NDEyMjQmaz1BS0lEMlprT1hGeURSSFpSbGJQbzkzU010elZZNzlrcEFkR1AmZT0xNDMyOTcwMDY1JnQ9MTQyNzc4NjA2NSZyPTI3MDQ5NDY0NyZ1PTEyMzQ1NiZmPQ==',
  },
  {
    what: 'single-use, no bucket',
    ...plainApp,
    original:
      'a=2011541224&k=AKID2ZkOXFyDRHZRlbPo93SMtzVY79kpAdGP&e=0&t=1427786065&r=270494647&u=123456&f=442d8ddf-59a5-4dd4-b5f1-e38499fb33b4',
    signature:
      't/EBzsvcPx1aaB+V+Vm/RrRPGARhPTIwMTE1NDEyMjQmaz1BS0lEMlprT1hGeURSSFpSbGJQbzkzU010elZZNzlrcEFkR1AmZT0wJnQ9MTQyNzc4NjA2NSZyPTI3MDQ5NDY0NyZ1PTEyMzQ1NiZmPTQ0MmQ4ZGRmLTU5YTUtNGRkNC1iNWYxLWUzODQ5OWZiMzNiNA==',
  },
  {
    what: 't before e, no r, u, f',
    ...shortApp,
    original: 'a=1000027&b=test333&k=AKIDnX91172Bs2NK4SP9Ad9JDVYpm7Lx2Nek&t=1466393489&e=1466393499',
    signature:
      'xBx0lpW/tdIr1vfksAt3GpfXo9phPTEwMDAwMjcmYj10ZXN0MzMzJms9QUtJRG5YOTExNzJCczJOSzRTUDlBZDlKRFZZcG03THgyTmVrJnQ9MTQ2NjM5MzQ4OSZlPTE0NjYzOTM0OTk=',
  },
];
