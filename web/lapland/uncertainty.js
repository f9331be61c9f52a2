/** Scales and the texture of a crop -> radii and confidence, as docs/model-format.md describes. */

import { boxOf } from "./crop.js";

/** @typedef {import("./crop.js").Point} Point */
/**
 * @typedef {object} Calibration
 * @property {number[]} low
 * @property {number[]} high
 * @property {number[]} probabilities
 * @property {Record<string, {weights: number[], constants: number[], levels: [number, number],
 *   quantiles: number[][]}>} groups
 * @property {number[]} face
 * @property {number} slope
 * @property {number} shift
 * @property {{scale: number, inverseShape: number, mean: number}} hidden errors of landmarks that a
 *   photo does not show, in sides of the face: a Weibull distribution and its mean
 */
/**
 * @typedef {object} Scheme
 * @property {number[][]} five the indices whose mean stands for each of the five points
 * @property {Record<string, number[]>} groups name of a group -> its indices
 * @property {{indices: number[], closed: boolean}[]} contours lines to draw
 * @property {[number, number] | null} eyeCorners
 */

const FLOOR = 0.3; // grey values: detail that rounding leaves in a flat image
const SHARP = [0, 0.2, 0.4, 2.2]; // the usual texture of a sharp photo
const NEAR = 0.1; // sides of the face from the border, within which landmarks begin to be unseen
const GOOD = 0.08; // of the distance of the eyes: mean error of a face whose landmarks are good

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** @param {number} value @param {number} low @param {number} high */
const clip = (value, low, high) => Math.min(Math.max(value, low), high);

/** A grey image. @typedef {{pixels: Float64Array, width: number, height: number}} Grey */

/** Means of 2 x 2 pixels. @param {Grey} grey @returns {Grey} */
function halved({ pixels, width, height }) {
  const half = { width: width >> 1, height: height >> 1 };
  const means = new Float64Array(half.width * half.height);
  for (let y = 0, i = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++, i++) {
      const at = 2 * (y * width + x);
      means[i] = (pixels[at] + pixels[at + 1] + pixels[at + width] + pixels[at + width + 1]) / 4;
    }
  }
  return { pixels: means, ...half };
}

/** Logarithms of the mean differences of vertical and of horizontal neighbours. @param {Grey} grey */
function detailOf({ pixels, width, height }) {
  let [vertical, horizontal] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (y + 1 < height) vertical += Math.abs(pixels[at + width] - pixels[at]);
      if (x + 1 < width) horizontal += Math.abs(pixels[at + 1] - pixels[at]);
    }
  }
  vertical = Math.log(vertical / ((height - 1) * width) + FLOOR);
  horizontal = Math.log(horizontal / (height * (width - 1)) + FLOOR);
  return { vertical, horizontal, mean: (vertical + horizontal) / 2 };
}

/**
 * The texture of a crop: five numbers for all of it, and one for each landmark.
 *
 * @param {Uint8Array} crop size x size x 3, blue, green, red
 * @param {number} size
 * @param {Point[]} points landmarks, crop pixels
 * @returns {{shared: number[], about: number[]}}
 */
export function textureOf(crop, size, points) {
  const whole = { pixels: new Float64Array(size * size), width: size, height: size };
  for (let i = 0; i < size * size; i++) {
    const [blue, green, red] = [crop[3 * i], crop[3 * i + 1], crop[3 * i + 2]];
    whole.pixels[i] = Math.round(0.114 * blue + 0.587 * green + 0.299 * red);
  }
  const margin = Math.round(size / 5);
  const side = size - 2 * margin;
  /** @type {Grey} */
  let grey = { pixels: new Float64Array(side * side), width: side, height: side };
  for (let y = 0; y < side; y++) {
    const from = (y + margin) * size + margin;
    grey.pixels.set(whole.pixels.subarray(from, from + side), y * side);
  }
  const levels = [];
  for (let level = 0; level < 4; level++) {
    levels.push(detailOf(grey));
    grey = halved(grey);
  }
  const [g0, g1, g2, g3] = levels.map((level) => level.mean);
  const direction = Math.abs(levels[0].vertical - levels[0].horizontal);
  return { shared: [g0 - g1, g1 - g2, g2 - g3, g3, direction], about: detailAbout(whole, points) };
}

/** Detail about each landmark over the mean of all, as logarithms.
 * @param {Grey} whole @param {Point[]} points */
function detailAbout(whole, points) {
  const { pixels, width, height } = halved(whole);
  const steps = new Float64Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (x + 1 < width) steps[at] += Math.abs(pixels[at + 1] - pixels[at]);
      if (y + 1 < height) steps[at] += Math.abs(pixels[at + width] - pixels[at]);
    }
  }
  /** The edges are mirrored, the edge pixel repeated. @param {number} i @param {number} end */
  const mirrored = (i, end) => (i < 0 ? -1 - i : i >= end ? 2 * end - 1 - i : i);
  /** @param {number} value @param {number} end */
  const place = (value, end) => Math.floor(Math.min(Math.max((value + 0.5) / 2, 0), end - 1));
  const logs = points.map(([px, py]) => {
    const [x, y] = [place(px, width), place(py, height)];
    let sum = 0;
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        sum += steps[mirrored(y + dy, height) * width + mirrored(x + dx, width)];
      }
    }
    return Math.log(sum / 25 / 2 + FLOOR);
  });
  const middle = mean(logs);
  return logs.map((value) => value - middle);
}

/** Side of the square that has the area of the landmarks' box, pixels. @param {Point[]} landmarks */
export function sideOf(landmarks) {
  const [left, top, right, bottom] = boxOf(landmarks);
  return Math.max(1e-6, Math.sqrt((right - left) * (bottom - top)));
}

/**
 * Twenty numbers for each landmark, which estimate its error.
 *
 * @param {Scheme} scheme
 * @param {Point[]} landmarks image pixels
 * @param {number[]} scales image pixels
 * @param {{shared: number[], about: number[]}} texture
 * @returns {number[][]}
 */
function featuresOf(scheme, landmarks, scales, texture) {
  const least = scales.map((scale) => Math.max(scale, 1e-6));
  const logs = least.map(Math.log);
  const usual = mean(least);
  const relative = least.map((scale) => Math.log(scale / usual));
  const middle = mean(logs);
  const spread = Math.sqrt(mean(logs.map((value) => (value - middle) ** 2)));
  const unusual = SHARP.map((sharp, i) => texture.shared[i] - sharp);
  const products = unusual.flatMap((a, i) => unusual.slice(i).map((b) => a * b));
  const ofGroup = new Array(landmarks.length);
  for (const indices of Object.values(scheme.groups)) {
    const inGroup = mean(indices.map((i) => relative[i]));
    for (const i of indices) ofGroup[i] = inGroup;
  }
  const size = Math.log(usual / sideOf(landmarks));
  return landmarks.map((_, i) => [
    relative[i], size, ofGroup[i], spread, ...texture.shared, ...products, texture.about[i],
  ]);
}

/** How far landmarks belong to those that the photo does not show: 1 at its border and beyond, 0 from
 * a tenth of the side of the face on. @param {Point[]} landmarks @param {{width: number, height: number}} image */
function hiddenShares(landmarks, { width, height }) {
  const near = NEAR * sideOf(landmarks);
  return landmarks.map(([x, y]) => {
    const inside = Math.min(x + 0.5, y + 0.5, width - 0.5 - x, height - 0.5 - y);
    return clip(1 - inside / near, 0, 1);
  });
}

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
/** A probability on the axis that makes a Weibull distribution a line.
 * @param {number} p */
const place = (p) => Math.log(-Math.log1p(-p));

/**
 * The meaning of one face's scales.
 *
 * @param {Calibration} calibration
 * @param {Scheme} scheme
 * @param {Point[]} landmarks image pixels
 * @param {number[]} scales image pixels
 * @param {{shared: number[], about: number[]}} texture
 * @param {{width: number, height: number}} image beyond its border no landmark is seen
 * @returns {{confidence: number, radius: (probability: number) => number[]}} the probability that
 *   the mean error is below 8 % of the distance of the eyes; and for a probability the radius, in
 *   pixels, about each landmark that holds the true place with it
 */
export function meaningOf(calibration, scheme, landmarks, scales, texture, image) {
  const { low, high, probabilities, groups, face, slope, shift, hidden: unseen } = calibration;
  const features = featuresOf(scheme, landmarks, scales, texture);
  const side = sideOf(landmarks);
  const hidden = hiddenShares(landmarks, image);

  /** @param {number} probability */
  function radius(probability) {
    if (!(probability > 0 && probability < 1)) {
      throw new RangeError(`radius: expected a probability between 0 and 1, as 0.9, not ${probability}`);
    }
    const measured = probabilities.map(place);
    const wanted = place(probability);
    const above = measured.findIndex((value) => value >= wanted);
    const last = measured.length - 2;
    const i = clip((above < 0 ? measured.length : above) - 1, 0, last);
    const part = (wanted - measured[i]) / (measured[i + 1] - measured[i]);
    const radii = new Array(landmarks.length);
    for (const [name, indices] of Object.entries(scheme.groups)) {
      const { weights, constants, levels, quantiles } = groups[name];
      indices.forEach((k, number) => {
        const x = features[k].map((value, f) => clip(value, low[f], high[f]));
        const m = constants[number] + dot(x, weights);
        let most = -Infinity;
        const ratios = quantiles.slice(0, i + 2).map(([constant, byLevel, bySpread], p) => {
          most = Math.max(most, constant + byLevel * clip(m, ...levels) + bySpread * x[3]);
          return most + 1e-6 * p;
        });
        const ratio = ratios[i] * (1 - part) + ratios[i + 1] * part;
        const least = unseen.scale * (-Math.log1p(-probability)) ** unseen.inverseShape * hidden[k];
        radii[k] = side * Math.max(least, Math.exp(clip(m + ratio, -20, 20)));
      });
    }
    return radii;
  }

  const shared = low.map((_, f) => clip(mean(features.map((x) => x[f])), low[f], high[f]));
  const seen = face[0] + dot(shared.slice(1), face.slice(1));
  const more = hidden.map((share) => Math.max(1, (unseen.mean * share) / Math.exp(seen)));
  const m = seen + Math.log(mean(more));
  let d = side;
  if (scheme.eyeCorners) {
    const [left, right] = scheme.eyeCorners.map((i) => landmarks[i]);
    d = Math.max(1e-6, Math.hypot(left[0] - right[0], left[1] - right[1]));
  }
  const beyond = slope * (m + Math.log(side / d / GOOD) - shift);
  return { confidence: 1 / (1 + Math.exp(clip(beyond, -500, 500))), radius };
}
