/** A picture at smaller sizes, as the networks that find faces see it: the pixels of Python's `Halves`. */

/** @typedef {import("./crop.js").Image} Image */

// A picture is halved while the size that is wanted is smaller by at least twice this: each size
// comes from a picture 1.25 to 2.5 times as large, so that little between its pixels is missed.
const LEAST = 1.25;

/** The nearest whole number; the even one in the middle of two. @param {number} value */
export function nearest(value) {
  const above = Math.round(value);
  return above - value === 0.5 && above % 2 ? above - 1 : above;
}

/** A picture, its half, its quarter, ..., each computed when it is first needed. */
export class Halves {
  #halves;

  /** @param {Image} image */
  constructor(image) {
    this.image = image;
    this.#halves = [image];
  }

  /** The picture at a size. @param {number} width @param {number} height @returns {Image} */
  at(width, height) {
    let number = 0;
    for (let image = this.image; Math.min(image.width / width, image.height / height) >= 2 * LEAST; number++) {
      image = this.#half(number + 1);
    }
    const image = this.#half(number);
    if (image.width === width && image.height === height) return image;
    // The half is kept, as smaller sizes may come from it.
    const isHalf = image.width >> 1 === width && image.height >> 1 === height;
    return isHalf ? this.#half(number + 1) : resized(image, width, height);
  }

  /** The picture, halved so often; all before are there. @param {number} number */
  #half(number) {
    const image = this.#halves[this.#halves.length - 1];
    if (number === this.#halves.length) this.#halves.push(resized(image, image.width >> 1, image.height >> 1));
    return this.#halves[number];
  }
}

/** A picture as the input of a network: black at the right and below, to whole cells.
 * @param {Image} image @param {number} cell pixels
 * @returns {{pixels: Uint8Array, width: number, height: number}} rows of pixels, each blue, green, red */
export function padded({ data, width, height }, cell) {
  const [columns, rows] = [width, height].map((length) => Math.ceil(length / cell) * cell);
  const pixels = new Uint8Array(rows * columns * 3);
  for (let row = 0, from = 0; row < height; row++) {
    for (let to = 3 * row * columns; to < 3 * (row * columns + width); to += 3, from += 4) {
      pixels[to] = data[from + 2];
      pixels[to + 1] = data[from + 1];
      pixels[to + 2] = data[from];
    }
  }
  return { pixels, width: columns, height: rows };
}

/** Interpolated between 2 x 2 pixels, in whole numbers, as OpenCV's INTER_LINEAR_EXACT.
 * @param {Image} image @param {number} width @param {number} height @returns {Image} */
function resized(image, width, height) {
  const { data } = image; // once: browsers call a function for it
  const [across, down] = [taps(image.width, width), taps(image.height, height)];
  const pixels = new Uint8Array(4 * width * height);
  for (let row = 0, to = 0; row < height; row++) {
    const above = 4 * down.before[row] * image.width;
    const below = 4 * down.after[row] * image.width;
    const low = down.shares[row];
    for (let column = 0; column < width; column++, to += 4) {
      const before = 4 * across.before[column];
      const after = 4 * across.after[column];
      const right = across.shares[column];
      for (let i = 0; i < 3; i++) {
        const first = (256 - right) * data[above + before + i] + right * data[above + after + i];
        const second = (256 - right) * data[below + before + i] + right * data[below + after + i];
        pixels[to + i] = ((256 - low) * first + low * second + 32768) >> 16;
      }
    }
  }
  return { data: pixels, width, height };
}

/** The two pixels of a line between which each pixel of another lies, and the share of the second, of 256.
 * @param {number} length @param {number} count of the other line */
function taps(length, count) {
  const step = 1 / (count / length);
  const taps = { before: new Int32Array(count), after: new Int32Array(count), shares: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    const at = Math.min(Math.max(step * (i + 0.5) - 0.5, 0), length - 1);
    taps.before[i] = Math.floor(at);
    taps.after[i] = Math.min(taps.before[i] + 1, length - 1);
    taps.shares[i] = nearest(256 * (at - taps.before[i]));
  }
  return taps;
}
