/** Whether a portrait shows a face, and where its five points are: the last network of MTCNN. */

import { Tensor } from "onnxruntime-web/wasm";
import { cropMatrix, cut } from "./crop.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./crop.js").Image} Image */
/** @typedef {{file: string, box: [number, number, number, number]}} Network
 * The network, as `models/index.json` describes it: `box` is that of the face in its portrait. */
/**
 * @typedef {object} Look
 * @property {Uint8Array} portrait blue, green, red
 * @property {import("./crop.js").Matrix} matrix portrait pixel -> image pixel
 * @property {number} score probability of a face
 * @property {Point[]} points its five points, pixels of the portrait
 */

/** The crop that shows a face. */
export const PORTRAIT = { size: 80, factor: 3, upright: true };
const SIDE = 48; // pixels of the network's input
const GREY = 127.5; // fills the part outside the portrait

/** A coordinate rounded to 1/32 pixel: so processors that differ in the last bits of the networks
 * make the same crops of them. @param {number} value */
export const rounded = (value) => Math.round(32 * value) / 32;

export class Onet {
  #session;
  #network;

  /** @param {import("onnxruntime-web/wasm").InferenceSession} session @param {Network} network */
  constructor(session, network) {
    this.#session = session;
    this.#network = network;
  }

  /** Looks at faces. @param {Image} image @param {Point[][]} faces five points of each, at least one
   * @returns {Promise<Look[]>} */
  async look(image, faces) {
    if (!faces.length) return [];
    const [left, top, right, bottom] = this.#network.box;
    const [across, down] = [taps(left, right), taps(top, bottom)];
    const length = SIDE * SIDE * 3;
    const input = new Float32Array(faces.length * length);
    const seen = faces.map((five, n) => {
      const matrix = cropMatrix(five, PORTRAIT);
      const portrait = cut(image, matrix, PORTRAIT.size);
      sample(portrait, across, down, input.subarray(n * length, (n + 1) * length));
      return { matrix, portrait };
    });
    const crops = new Tensor("float32", input, [faces.length, SIDE, SIDE, 3]);
    const outputs = await this.#session.run({ crops }, ["scores", "points"]);
    const numbers = /** @type {Float32Array} */ (outputs.points.data);
    return seen.map(({ matrix, portrait }, n) => ({
      matrix,
      portrait,
      score: Number(outputs.scores.data[n]),
      points: [0, 1, 2, 3, 4].map((k) => [
        rounded(left + (right - left + 1) * numbers[10 * n + 2 * k] - 1),
        rounded(top + (bottom - top + 1) * numbers[10 * n + 2 * k + 1] - 1),
      ]),
    }));
  }
}

/** Samples along a side of the portrait, from one edge of the box to the other, drawn towards the
 * origin as MTCNN's crops are. @param {number} first @param {number} last */
function taps(first, last) {
  const end = PORTRAIT.size - 1;
  return Array.from({ length: SIDE }, (_, i) => {
    const at = (first + ((last - first) * i) / (SIDE - 1)) * (end / PORTRAIT.size);
    const before = Math.min(Math.max(Math.floor(at), 0), end - 1);
    return { before, share: at - before, outside: at < 0 || at > end };
  });
}

/** The network's input out of a portrait, bilinearly; grey outside.
 * @param {Uint8Array} portrait @param {ReturnType<typeof taps>} across @param {ReturnType<typeof taps>} down
 * @param {Float32Array} crop the result */
function sample(portrait, across, down, crop) {
  const line = 3 * PORTRAIT.size;
  let to = 0;
  for (const y of down) {
    for (const x of across) {
      for (let i = 0; i < 3; i++, to++) {
        const at = y.before * line + 3 * x.before + i;
        const above = portrait[at] + x.share * (portrait[at + 3] - portrait[at]);
        const below = portrait[at + line] + x.share * (portrait[at + line + 3] - portrait[at + line]);
        crop[to] = x.outside || y.outside ? GREY : above + y.share * (below - above);
      }
    }
  }
}
