/**
 * The face detector, Python's default: BlazeFace for large faces and a one-stage network for small
 * ones. BlazeFace's word is enough for a large face that it sees clearly, or that the other network
 * does, too. At each of the others the O-Net of MTCNN looks: it says whether a face stands there, and
 * where its five points are, by the habit that the crops of the landmark networks expect.
 */

import { BlazeFace } from "./blazeface.js";
import { cropMatrix, meanOf, stepOf, toImage } from "./crop.js";
import { areaOf, overlap, shared, uprightBox } from "./merging.js";
import { OneStage } from "./onestage.js";
import { Onet, PORTRAIT, rounded } from "./onet.js";
import { Halves } from "./shrinking.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./crop.js").Image} Image */
/** @typedef {import("./merging.js").Found} Found */
/**
 * The detector, as `models/index.json` describes it.
 *
 * @typedef {object} Detection
 * @property {string} licence terms of its weights, in a line
 * @property {number} minFace side of the smallest face, pixels
 * @property {number} large side, in longer sides of the picture, from which BlazeFace comes first
 * @property {number} sure least score of the O-Net for an upright face
 * @property {number} clear least score of a face that is seen upright for certain
 * @property {number} both least overlap (IoU) of the boxes of one large face in both networks
 * @property {number} share of the other network in the points of a large face that it sees clearly
 * @property {number} possible least score of a face that may hang
 * @property {number} least least probability of a face that the O-Net is not sure of
 * @property {number} rolled most lean of a face, radians
 * @property {number} same least shared part of the smaller box of one face in two networks
 * @property {number} leastSide sides of the smallest face; boxes of small faces are as much too small at times
 * @property {number} hardly least score of the O-Net for a large face
 * @property {number} mostAgain logarithm of odds: more than BlazeFace gives a portrait
 * @property {number} tilt most lean of a face in its portrait, radians: coarse points of a face that leans
 *   are off by as much
 * @property {number} certain score of the O-Net that few faces have that hang
 * @property {number} hangs logarithm of odds: lead of the other way up without the O-Net
 * @property {number} floor a probability counts as no less, and no more than 1 - this
 * @property {Point[]} wider difference of the O-Net's points in a portrait and in a box that MTCNN has just
 *   moved, pixels of the portrait: without it each portrait would be larger than the one before
 * @property {import("./blazeface.js").Network} blazeface
 * @property {import("./onestage.js").Network} onestage
 * @property {import("./onet.js").Network} onet
 * @property {import("./agreement.js").Limits} agreement
 */

/** @typedef {{matrix: import("./crop.js").Matrix, score: number, placed: Point[], stands: boolean,
 *   best: () => Promise<number>}} Portrait */

/** The longer side of a box. @param {Found["box"]} box */
const sideOf = ([left, top, right, bottom]) => Math.max(right - left, bottom - top);

export class FaceDetector {
  #blazeface;
  #onestage;
  #onet;

  /** @param {Detection} description
   * @param {(file: string) => Promise<import("onnxruntime-web/wasm").InferenceSession>} open */
  static async load(description, open) {
    const { blazeface, onestage, onet, minFace } = description;
    return new FaceDetector(
      description,
      new BlazeFace(await open(blazeface.file), blazeface),
      new OneStage(await open(onestage.file), onestage, minFace),
      new Onet(await open(onet.file), onet),
    );
  }

  /** Call `load` instead. @param {Detection} description @param {BlazeFace} blazeface
   * @param {OneStage} onestage @param {Onet} onet */
  constructor(description, blazeface, onestage, onet) {
    this.description = description;
    this.#blazeface = blazeface;
    this.#onestage = onestage;
    this.#onet = onet;
    this.milliseconds = 0; // spent since somebody set it to 0
  }

  /** Finds faces, the largest first. @param {Image} image @returns {Promise<Found[]>} */
  async find(image) {
    const start = performance.now();
    const { minFace, large, same, leastSide, clear, both, share } = this.description;
    const halves = new Halves(image);
    const seen = await this.#blazeface.find(halves);
    const small = await this.#onestage.find(halves);
    const isLarge = (/** @type {Found} */ { box }) => sideOf(box) >= large * Math.max(image.width, image.height);
    /** A large face with the better score of both networks, and the points of both. @param {Found} face */
    const byBoth = (face) => {
      /** @param {Found} other */
      const isSame = ({ box }) => overlap(box, face.box) > both;
      const [other] = small.filter(isSame).sort((a, b) => b.score - a.score);
      if (!other) return face;
      /** @param {Point} point @param {number} k @returns {Point} */
      const mixed = ([x, y], k) => [x + share * (other.fivePoints[k][0] - x), y + share * (other.fivePoints[k][1] - y)];
      const fivePoints = other.score > clear ? face.fivePoints.map(mixed) : face.fivePoints;
      return { ...face, score: Math.max(face.score, other.score), fivePoints };
    };
    // BlazeFace places the points of large faces well; those of others are coarse beside the O-Net's.
    const found = [
      ...seen.map((face) => (isLarge(face) ? { ...byBoth(face), coarse: false } : { ...face, coarse: true })),
      ...small.map((face) => ({ ...face, coarse: true })),
    ];
    // If two are the same face, a large one counts, and then the better score.
    found.sort((a, b) => Number(a.coarse) - Number(b.coarse) || b.score - a.score);
    const single = found.filter(({ box }, i) => {
      /** @param {{box: Found["box"]}} other */
      const covers = (other) => shared(box, other.box) > same * Math.min(areaOf(box), areaOf(other.box));
      return sideOf(box) >= leastSide * minFace && !found.slice(0, i).some(covers);
    });
    const faces = await this.#checked(image, single);
    this.milliseconds += performance.now() - start;
    return faces.sort((a, b) => areaOf(b.box) - areaOf(a.box));
  }

  /** The O-Net's look at a place that should show a face: how much of a face it sees, and where.
   * @param {Image} image @param {Point[]} fivePoints
   * @returns {Promise<{score: number, fivePoints: Point[]}>} */
  async look(image, fivePoints) {
    const start = performance.now();
    const [{ matrix, score, points }] = await this.#onet.look(image, [fivePoints]);
    this.milliseconds += performance.now() - start;
    return { score, fivePoints: points.map(([u, v]) => toImage(matrix, u, v)) };
  }

  /** Faces as the O-Net sees them, but for those that are known, without those that are none. It knows no faces in profile or behind
   * masks: of those the detectors see which are upright, and where their points are.
   * @param {Image} image @param {(Found & {coarse: boolean})[]} found @returns {Promise<Found[]>} */
  async #checked(image, found) {
    const { sure, clear, possible, least, rolled, certain, hardly, mostAgain, floor } = this.description;
    if (!found.length) return [];
    const marked = found.map((face) => {
      const plain = leanOf([1, 0, 0, 0, 1, 0], cropMatrix(face.fivePoints, PORTRAIT)) < rolled;
      const isClear = plain && face.score > clear;
      // BlazeFace's word is enough for large faces that are clear.
      return { ...face, plain, isClear, known: isClear && !face.coarse };
    });
    const looks = await this.#portraits(image, marked.filter(({ known }) => !known).map(({ fivePoints }) => fivePoints));
    const faces = [];
    for (const { box, score, fivePoints, coarse, plain, isClear, known } of marked) {
      if (known) {
        faces.push({ box, score, fivePoints });
        continue;
      }
      const first = /** @type {Portrait} */ (looks.shift());
      const open = !isClear && score > possible && first.score < certain;
      const other = open ? await this.#hanging(image, fivePoints, first) : undefined;
      const look = other ?? first;
      if (look.stands && look.score > sure) {
        // The mean of both is steadier than either.
        const placed = other || coarse ? look.placed : look.placed.map((point, k) => meanOf([point, fivePoints[k]]));
        faces.push({ box: other ? this.#boxOf(placed) : box, score: look.score, fivePoints: placed });
      } else if (plain && !other) {
        // The O-Net errs on large faces that are hard: it has no vote there, but may see no face.
        const votes = oddsOf(score, floor) + (coarse ? oddsOf(look.score, floor) : 0);
        const missing = (coarse ? 3 : 2) * oddsOf(least, floor) - votes;
        if (missing < mostAgain && (coarse || look.score > hardly) && oddsOf(await look.best(), floor) > missing) faces.push({ box, score, fivePoints });
      }
    }
    return faces.map(({ box, score, fivePoints }) => ({
      box,
      score,
      fivePoints: fivePoints.map(([x, y]) => [rounded(x), rounded(y)]),
    }));
  }

  /** The look at a face the other way up, about its eyes, if it hangs: then it is seen by its eyes, with
   * a mouth on its forehead. @param {Image} image @param {Point[]} fivePoints @param {Portrait} look */
  async #hanging(image, fivePoints, look) {
    const [ex, ey] = meanOf(fivePoints.slice(0, 2));
    const [other] = await this.#portraits(image, [fivePoints.map(([x, y]) => [2 * ex - x, 2 * ey - y])]);
    const { sure, hangs, floor } = this.description;
    const lead = oddsOf(await other.best(), floor) - oddsOf(await look.best(), floor);
    const seen = other.stands && other.score > sure;
    return lead > hangs || (lead > 0 && seen) ? other : undefined;
  }

  /** The portraits of faces, and what the O-Net sees in them: its points in the image, and whether a
   * face stands there. `best` is BlazeFace's score.
   * @param {Image} image @param {Point[][]} faces @returns {Promise<Portrait[]>} */
  async #portraits(image, faces) {
    const { tilt, wider } = this.description;
    return (await this.#onet.look(image, faces)).map(({ matrix, portrait, score, points }) => {
      const placed = points.map(([u, v], k) => toImage(matrix, u - wider[k][0], v - wider[k][1]));
      const stands = leanOf(matrix, cropMatrix(placed, PORTRAIT)) < tilt;
      /** @type {Promise<number> | undefined} */
      let best;
      return { matrix, score, placed, stands, best: () => (best ??= this.#blazeface.bestScore(portrait, PORTRAIT.size)) };
    });
  }

  /** The box of a face whose five points are known, as the networks' own. @param {Point[]} fivePoints */
  #boxOf(fivePoints) {
    const { onestage, onet } = this.description;
    const [left, top, right, bottom] = onet.box;
    const matrix = cropMatrix(fivePoints, PORTRAIT);
    const side = (right - left) * stepOf(matrix);
    const middle = toImage(matrix, (left + right) / 2, (top + bottom) / 2);
    return uprightBox([middle, [side, side]], [-matrix[1], -matrix[4]], onestage.box);
  }
}

/** The logarithm of the odds of a probability, none of which counts as certain.
 * @param {number} score @param {number} floor least probability */
function oddsOf(score, floor) {
  const bounded = Math.min(Math.max(score, floor), 1 - floor);
  return Math.log(bounded / (1 - bounded));
}

/** The angle between two crops, radians.
 * @param {import("./crop.js").Matrix} a @param {import("./crop.js").Matrix} b */
function leanOf(a, b) {
  return Math.abs(Math.atan2(a[0] * b[3] - a[3] * b[0], a[0] * b[0] + a[3] * b[3]));
}
