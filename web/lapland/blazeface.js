/** Large faces and their five points: BlazeFace, one small network on a shrunken picture. */

import { Tensor } from "onnxruntime-web/wasm";
import { meanOf } from "./crop.js";
import { merged, uprightBox } from "./merging.js";
import { nearest, padded } from "./shrinking.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./merging.js").Found} Found */
/**
 * The network, as `models/index.json` describes it.
 *
 * @typedef {object} Network
 * @property {string} file
 * @property {number} side longer side of the picture that it sees, pixels
 * @property {number} threshold least score
 * @property {number} same least overlap (IoU) of two of its cells that see one face
 * @property {number[][]} fiveOfSix its six points -> the five of other detectors, as weighted means
 * @property {number[]} box place of their box in its square
 */

const CELL = 16; // pixels: the network wants whole cells of this size
const LEVELS = [[8, 2], [16, 6]]; // pixels of a cell, faces that it may see

export class BlazeFace {
  #session;
  #network;

  /** @param {import("onnxruntime-web/wasm").InferenceSession} session @param {Network} network */
  constructor(session, network) {
    this.#session = session;
    this.#network = network;
  }

  /** Large faces of a picture, the best first.
   * @param {import("./shrinking.js").Halves} halves @returns {Promise<Found[]>} */
  async find(halves) {
    const { width, height } = halves.image;
    const { side, threshold, fiveOfSix, box } = this.#network;
    const rate = side / Math.max(width, height);
    const small = halves.at(Math.max(1, nearest(width * rate)), Math.max(1, nearest(height * rate)));
    const input = padded(small, CELL);
    const images = new Tensor("uint8", input.pixels, [1, input.height, input.width, 3]);
    const outputs = await this.#session.run({ images }, ["scores", "offsets"]);
    const scores = /** @type {Float32Array} */ (outputs.scores.data);
    const offsets = /** @type {Float32Array} */ (outputs.offsets.data);
    const cells = [];
    let number = 0;
    for (const [pixels, count] of LEVELS) {
      for (let y = pixels / 2; y < input.height; y += pixels) {
        for (let x = pixels / 2; x < input.width; x += pixels) {
          for (let i = 0; i < count; i++, number++) {
            if (scores[number] <= threshold) continue;
            const row = offsets.subarray(16 * number, 16 * number + 16);
            /** @param {number} k @returns {Point} */
            const place = (k) => [x + row[2 * k], y + row[2 * k + 1]];
            /** @type {Point[]} */
            const values = [place(0), [row[2], row[3]], ...[2, 3, 4, 5, 6, 7].map(place)];
            cells.push({ score: scores[number], values });
          }
        }
      }
    }
    const [rateX, rateY] = [width / small.width, height / small.height];
    return merged(cells, this.#network.same).map(({ score, values }) => {
      // Places between the edges of the picture -> pixels with centres at integers; sides stay.
      const [middle, sides, ...six] = values.map(([x, y], k) => {
        const edge = k === 1 ? 0 : 0.5;
        return /** @type {Point} */ ([x * rateX - edge, y * rateY - edge]);
      });
      const [x, y] = meanOf(six.slice(0, 2));
      /** @param {number[]} weights @param {0 | 1} axis */
      const mixed = (weights, axis) => weights.reduce((sum, weight, k) => sum + weight * six[k][axis], 0);
      return {
        box: uprightBox([middle, sides], [x - six[3][0], y - six[3][1]], box),
        score,
        fivePoints: fiveOfSix.map((weights) => [mixed(weights, 0), mixed(weights, 1)]),
      };
    });
  }

  /** The best score in a portrait. @param {Uint8Array} portrait size x size x 3, blue, green, red
   * @param {number} size pixels, which `CELL` divides */
  async bestScore(portrait, size) {
    const images = new Tensor("uint8", portrait.slice(), [1, size, size, 3]);
    const { scores } = await this.#session.run({ images }, ["scores"]);
    return Math.max(.../** @type {Float32Array} */ (scores.data));
  }
}
