/** Small faces and their five points: one network in one pass over a shrunken picture. */

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
 * @property {number} smallest side of the smallest face in the picture that it sees, pixels
 * @property {number} threshold least score
 * @property {number} same least overlap (IoU) of two of its cells that see one face
 * @property {number[]} box place of the box of other detectors in its square
 */

const STRIDES = [8, 16]; // pixels of a cell of each level
const VALUES = 14; // of a cell: logit, middle, logarithm of the side, five points in sides

export class OneStage {
  #session;
  #network;
  #rate;

  /** @param {import("onnxruntime-web/wasm").InferenceSession} session @param {Network} network
   * @param {number} minFace side of the smallest face, pixels of the picture */
  constructor(session, network, minFace) {
    this.#session = session;
    this.#network = network;
    this.#rate = network.smallest / minFace;
  }

  /** Faces of a picture, up to 15 times as large as the smallest; the best first.
   * @param {import("./shrinking.js").Halves} halves @returns {Promise<Found[]>} */
  async find(halves) {
    const { width, height } = halves.image;
    const { threshold, box } = this.#network;
    const small = halves.at(
      Math.max(1, nearest(width * this.#rate)),
      Math.max(1, nearest(height * this.#rate)),
    );
    const input = padded(small, STRIDES[1]);
    const images = new Tensor("uint8", input.pixels, [1, input.height, input.width, 3]);
    const outputs = await this.#session.run({ images }, ["cells"]);
    const numbers = /** @type {Float32Array} */ (outputs.cells.data);
    const least = Math.log(threshold / (1 - threshold));
    const cells = [];
    let from = 0;
    for (const stride of STRIDES) {
      for (let y = stride / 2; y < input.height; y += stride) {
        for (let x = stride / 2; x < input.width; x += stride, from += VALUES) {
          if (numbers[from] <= least) continue;
          const [logit, dx, dy, logSide, ...five] = numbers.subarray(from, from + VALUES);
          const side = Math.exp(logSide);
          /** @type {Point} */
          const middle = [x + dx, y + dy];
          /** @type {Point[]} */
          const values = [middle, [side, side]];
          for (let k = 0; k < 10; k += 2) values.push([middle[0] + side * five[k], middle[1] + side * five[k + 1]]);
          cells.push({ score: Math.fround(1 / (1 + Math.exp(-logit))), values });
        }
      }
    }
    const [rateX, rateY] = [width / small.width, height / small.height];
    return merged(cells, this.#network.same).map(({ score, values }) => {
      // Pixels of the shrunken picture -> those of the picture; both have their centres at integers.
      const [middle, sides, ...fivePoints] = values.map(([x, y], k) => {
        const edge = k === 1 ? 0 : 0.5;
        return /** @type {Point} */ ([(x + edge) * rateX - edge, (y + edge) * rateY - edge]);
      });
      const [eyes, mouth] = [meanOf(fivePoints.slice(0, 2)), meanOf(fivePoints.slice(3))];
      return { box: uprightBox([middle, sides], [eyes[0] - mouth[0], eyes[1] - mouth[1]], box), score, fivePoints };
    });
  }
}
