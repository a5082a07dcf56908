/** Bodies and pictures of the soak. */

export const MiB = 1024 * 1024;

const boundary = 'livestill-soak';
export const formType = `multipart/form-data; boundary=${boundary}`;

/** A form of named parts. */
export function form(...parts) {
  return Buffer.concat([
    ...parts.flatMap(([name, content]) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`, 'latin1'),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

/** A function that gives one value after the other, and begins anew at the end. */
export function turns(values) {
  let at = 0;
  return () => values[at++ % values.length];
}

const below = (number) => Math.floor(Math.random() * number);

/** The picture with some bytes changed. */
export function spoilt(picture) {
  const bytes = Buffer.from(picture);
  for (let left = 20; left > 0; left--) bytes[below(bytes.length)] = below(256);
  return bytes;
}

/** One of the pictures without its end. */
export function cut(pictures) {
  const picture = pictures[below(pictures.length)];
  return picture.subarray(0, below(picture.length));
}
