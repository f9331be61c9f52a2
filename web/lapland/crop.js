/**
 * Five points -> square -> crop, and crop pixels back to image pixels, as docs/model-format.md
 * describes them. Coordinates are pixels; (0, 0) is the centre of the first pixel, x goes right and
 * y down.
 */

/** @typedef {[number, number]} Point x and y, pixels */
/** @typedef {[number, number, number, number, number, number]} Matrix
 * Affine map (u, v) -> (m[0] u + m[1] v + m[2], m[3] u + m[4] v + m[5]). */
/** @typedef {{data: Uint8ClampedArray | Uint8Array, width: number, height: number}} Image
 * Red, green, blue and alpha of each pixel, as ImageData has them. Alpha is ignored. */

/** Left eye, right eye, nose, corners of the mouth of an upright face. @type {Point[]} */
const UPRIGHT = [[-0.5, -0.57], [0.5, -0.57], [0, 0], [-0.41, 0.58], [0.41, 0.58]];

/** The mean of some points. @param {Point[]} points @returns {Point} */
export function meanOf(points) {
  const sum = points.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

/** The box of some points: left, top, right, bottom.
 * @param {Point[]} points @returns {[number, number, number, number]} */
export function boxOf(points) {
  const x = points.map((point) => point[0]);
  const y = points.map((point) => point[1]);
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}

/**
 * The square crop around five points.
 *
 * @param {Point[]} fivePoints left eye, right eye, nose, left and right corner of the mouth
 * @param {{size: number, factor: number, upright: boolean}} crop side in pixels, side in longer
 *   sides of the rectangle of the five points, and whether the crop turns with the face
 * @returns {Matrix} crop pixel -> image pixel
 */
export function cropMatrix(fivePoints, { size, factor, upright }) {
  const [cx, cy] = meanOf(fivePoints);
  const [ux, uy] = meanOf(UPRIGHT);
  // The least-squares similarity to an upright face, as a complex number: its direction is the roll.
  let [re, im] = [0, 0];
  fivePoints.forEach(([x, y], i) => {
    const [a, b] = [UPRIGHT[i][0] - ux, UPRIGHT[i][1] - uy];
    re += (x - cx) * a + (y - cy) * b;
    im += (y - cy) * a - (x - cx) * b;
  });
  const length = Math.hypot(re, im);
  const [cos, sin] = upright && length > 0 ? [re / length, im / length] : [1, 0];
  /** @type {Point[]} */
  const along = fivePoints.map(([x, y]) => [x * cos + y * sin, y * cos - x * sin]);
  const [left, top, right, bottom] = boxOf(along);
  const side = Math.max(1, factor * Math.max(right - left, bottom - top));
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const [xx, yx] = [(cos * side) / size, (sin * side) / size];
  const half = (size - 1) / 2;
  const first = [x * cos - y * sin - (xx - yx) * half, x * sin + y * cos - (yx + xx) * half];
  return [xx, -yx, first[0], yx, xx, first[1]];
}

/** Crop pixel -> image pixel. @param {Matrix} m @param {number} u @param {number} v
 * @returns {Point} */
export function toImage(m, u, v) {
  return [m[0] * u + m[1] * v + m[2], m[3] * u + m[4] * v + m[5]];
}

/** Image pixels per crop pixel. @param {Matrix} m */
export function stepOf(m) {
  return Math.hypot(m[0], m[3]);
}

/**
 * Pixels from which a crop is cut: the image itself, or if the face is large the part that the crop
 * can touch, of the half of the image, its quarter, ..., so that no size of face aliases.
 *
 * @param {Image} image
 * @param {Matrix} m
 * @param {number} size side of the crop, pixels
 */
function partOf(image, m, size) {
  const halvings = Math.floor(Math.log2(Math.max(1, Math.floor(stepOf(m) / 2))));
  const shrink = 2 ** halvings;
  const whole = { pixels: image.data, rows: image.height, columns: image.width };
  if (!halvings) return { ...whole, left: 0, top: 0, shrink };
  const [x, y] = toImage(m, (size - 1) / 2, (size - 1) / 2);
  const [reachX, reachY] = [Math.abs(m[0]) + Math.abs(m[1]), Math.abs(m[3]) + Math.abs(m[4])];
  /** @param {number} middle @param {number} reach @param {number} end */
  const inside = (middle, reach, end) => {
    const before = Math.max(0, Math.floor(Math.max(middle - (reach * size) / 2, 0)) - shrink);
    const first = before - (before % shrink); // pixels of the half of the part are those of the half of the image
    const last = Math.min(end, Math.ceil(middle + (reach * size) / 2) + 1 + shrink);
    return [first, shrink * Math.max(0, Math.floor((last - first) / shrink))];
  };
  const [left, columns] = inside(x, reachX, image.width);
  const [top, rows] = inside(y, reachY, image.height);
  let part = halved(image.data, image.width, left, top, columns >> 1, rows >> 1);
  for (let i = 1; i < halvings; i++) part = halved(part.pixels, part.columns, 0, 0, part.columns >> 1, part.rows >> 1);
  return { ...part, left, top, shrink };
}

/** Means of 2 x 2 pixels, from a place in a picture on.
 * @param {Uint8ClampedArray | Uint8Array} data the picture, four bytes a pixel
 * @param {number} width of the picture
 * @param {number} left @param {number} top
 * @param {number} columns of the result @param {number} rows of the result */
function halved(data, width, left, top, columns, rows) {
  const pixels = new Uint8Array(rows * columns * 4);
  for (let row = 0, to = 0; row < rows; row++) {
    let from = 4 * ((top + 2 * row) * width + left);
    for (let column = 0; column < columns; column++, from += 8, to += 4) {
      for (let i = 0; i < 3; i++) {
        const below = from + 4 * width + i;
        pixels[to + i] = (data[from + i] + data[from + i + 4] + data[below] + data[below + 4] + 2) >> 2;
      }
    }
  }
  return { pixels, rows, columns };
}

/**
 * Cuts a crop out of an image. Each crop pixel is the mean of 2 x 2 bilinear samples; outside the
 * image all is black.
 *
 * @param {Image} image
 * @param {Matrix} m crop pixel -> image pixel
 * @param {number} size side of the crop, pixels
 * @returns {Uint8Array} size x size x 3: rows of pixels, each blue, green, red
 */
export function cut(image, m, size) {
  const { pixels, rows, columns, left, top, shrink } = partOf(image, m, size);
  const crop = new Uint8Array(size * size * 3);
  const origin = (shrink - 1) / 2;
  const width = 4 * columns;
  // Plain numbers and no arrays in the inner loop, which runs 25,600 times for a crop.
  for (let v = 0, to = 0; v < size; v++) {
    for (let u = 0; u < size; u++, to += 3) {
      let blue = 2; // half of what they are divided by
      let green = 2;
      let red = 2;
      for (let quarter = 0; quarter < 4; quarter++) {
        const du = u + (quarter & 1 ? 0.25 : -0.25);
        const dv = v + (quarter & 2 ? 0.25 : -0.25);
        const x = (m[0] * du + m[1] * dv + m[2] - left - origin) / shrink;
        const y = (m[3] * du + m[4] * dv + m[5] - top - origin) / shrink;
        const column = Math.floor(x);
        const row = Math.floor(y);
        const right = x - column;
        const down = y - row;
        const at = row * width + 4 * column;
        if (column >= 0 && row >= 0 && column + 1 < columns && row + 1 < rows) {
          const a = (1 - right) * (1 - down);
          const b = right * (1 - down);
          const c = (1 - right) * down;
          const d = right * down;
          const below = at + width;
          red += (a * pixels[at] + b * pixels[at + 4] + c * pixels[below] + d * pixels[below + 4] + 0.5) | 0;
          green += (a * pixels[at + 1] + b * pixels[at + 5] + c * pixels[below + 1] + d * pixels[below + 5] + 0.5) | 0;
          blue += (a * pixels[at + 2] + b * pixels[at + 6] + c * pixels[below + 2] + d * pixels[below + 6] + 0.5) | 0;
          continue;
        }
        let b = 0.5;
        let g = 0.5;
        let r = 0.5;
        for (let corner = 0; corner < 4; corner++) {
          const i = column + (corner & 1);
          const j = row + (corner >> 1);
          if (i < 0 || j < 0 || i >= columns || j >= rows) continue;
          const weight = (corner & 1 ? right : 1 - right) * (corner & 2 ? down : 1 - down);
          const of = j * width + 4 * i;
          r += weight * pixels[of];
          g += weight * pixels[of + 1];
          b += weight * pixels[of + 2];
        }
        blue += b | 0;
        green += g | 0;
        red += r | 0;
      }
      crop[to] = blue >> 2;
      crop[to + 1] = green >> 2;
      crop[to + 2] = red >> 2;
    }
  }
  return crop;
}
