/** The landmark network: five points of a face -> its landmarks, scales and their meaning. */

import { InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { boxOf, cropMatrix, cut, meanOf, stepOf, toImage } from "./crop.js";
import { LaplandError } from "./errors.js";
import { meaningOf, textureOf } from "./uncertainty.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./crop.js").Image} Image */
/**
 * A landmark model, as `models/index.json` describes it.
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {string} file its ONNX file
 * @property {number} bytes size of that file
 * @property {string} width
 * @property {string} precision float32 or int8
 * @property {("photo" | "video")[]} best what it is the default for
 * @property {string} licence terms of its weights, in a line
 * @property {string | null} terms the file that has them, beside the folder of models
 * @property {number} size side of its crops, pixels
 * @property {number} cropFactor
 * @property {boolean} cropUpright
 * @property {number} unsure mean scale, in pixels of a crop, above which a face is not trusted
 * @property {import("./uncertainty.js").Scheme} scheme
 * @property {import("./uncertainty.js").Calibration} calibration
 */
/**
 * A face. Everything is in pixels of the image.
 *
 * @typedef {object} Face
 * @property {number | null} id its number in a video; null in a photo
 * @property {[number, number, number, number]} box left, top, right, bottom
 * @property {number} score of the face detector, 0 to 1
 * @property {Point[]} fivePoints the start of its crop
 * @property {Point[]} landmarks
 * @property {number[]} scales of each landmark: small if the network is sure
 * @property {number} meanScale their mean, pixels of the crop
 * @property {number} confidence probability that the mean error is below 8 % of the distance of
 *   the outer corners of the eyes
 * @property {(probability: number) => number[]} radius about each landmark, the radius that holds
 *   its true place with this probability
 */

export class LandmarkNetwork {
  /** @param {InferenceSession} session @param {Model} model */
  constructor(session, model) {
    this.session = session;
    this.model = model;
    this.milliseconds = 0; // spent since somebody set it to 0
  }

  /** The landmarks of one face.
   *
   * @param {Image} image
   * @param {Point[]} fivePoints
   * @returns {Promise<Face>} with the box of its landmarks and score 1
   */
  async locate(image, fivePoints) {
    const start = performance.now();
    const { size, cropFactor, cropUpright, scheme, calibration, name } = this.model;
    const matrix = cropMatrix(fivePoints, { size, factor: cropFactor, upright: cropUpright });
    const crop = cut(image, matrix, size);
    // A copy: if the network runs in a worker, its input moves there.
    const crops = new Tensor("uint8", crop.slice(), [1, size, size, 3]);
    const outputs = await this.session.run({ crops }, ["landmarks", "scales"]);
    const numbers = /** @type {Float32Array} */ (outputs.landmarks.data);
    const spreads = [.../** @type {Float32Array} */ (outputs.scales.data)];
    if (![...numbers, ...spreads].every(Number.isFinite)) {
      throw new LaplandError(`${name}: gave NaN or infinity; build the models again`);
    }
    /** @type {Point[]} */
    const points = spreads.map((_, k) => [numbers[2 * k], numbers[2 * k + 1]]);
    const landmarks = points.map(([u, v]) => toImage(matrix, u, v));
    const scales = spreads.map((scale) => scale * stepOf(matrix));
    const texture = textureOf(crop, size, points);
    const meaning = meaningOf(calibration, scheme, landmarks, scales, texture, image);
    this.milliseconds += performance.now() - start;
    return {
      id: null,
      box: boxOf(landmarks),
      score: 1,
      fivePoints,
      landmarks,
      scales,
      meanScale: spreads.reduce((sum, scale) => sum + scale, 0) / spreads.length,
      ...meaning,
    };
  }

  /** The five points of landmarks: the start of the next crop. @param {Point[]} landmarks */
  fivePointsOf(landmarks) {
    return this.model.scheme.five.map((indices) => meanOf(indices.map((i) => landmarks[i])));
  }
}
