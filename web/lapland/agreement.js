/**
 * Faces that are none or were found the wrong way up, as Python's `predict` has it. Face detectors
 * know upright faces: in one that lies or hangs they see another. Then the five points of its
 * landmarks differ from the detector's, and the last network of the detector, shown the portrait
 * about the landmarks, sees no face there, or the right one.
 */

import { boxOf, cropMatrix, meanOf, stepOf } from "./crop.js";
import { overlap } from "./merging.js";
import { PORTRAIT } from "./onet.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./crop.js").Image} Image */
/** @typedef {import("./network.js").Face} Face */

/**
 * Limits, as `models/index.json` has them; differences of five points are in pixels of the portrait.
 *
 * @typedef {object} Limits
 * @property {number} face least score of a face
 * @property {Point[]} habit where landmarks put the five points from where detectors put them
 * @property {number} doubtful difference above which a face is looked at, less the habit
 * @property {number} certain mean scale, in shares of the network's `unsure`, below which a face is only looked at above `largestOffset`
 * @property {number} largestOffset difference above which a crop is a bad one, even if its landmarks agree
 * @property {number} close up to this the network agrees with landmarks placed anew
 * @property {number} near up to this it agrees with the first ones
 * @property {number} far beyond it the detector sees another face than the network
 * @property {number} rounds how often a face is placed anew at most
 * @property {number} nearer share of the first difference that stays, after a face was placed anew once, if it never settles
 * @property {number} surelyFace least score of a face whose second difference tells that
 * @property {number} sure least confidence of a face that seems sure
 * @property {number} same least overlap (IoU) of two boxes of one face
 */

/** Largest difference of five points from others, in pixels of the portrait of the first.
 * @param {Point[]} five @param {Point[]} others */
function apart(five, others) {
  const off = five.map(([x, y], i) => Math.max(Math.abs(x - others[i][0]), Math.abs(y - others[i][1])));
  return Math.max(...off) / stepOf(cropMatrix(five, PORTRAIT));
}

/** Largest difference of the landmarks' five points from the detector's, in pixels of the portrait of the
 * detector's, less the habit. @param {Point[]} five @param {Point[]} placed @param {Point[]} habit */
function difference(five, placed, habit) {
  const m = cropMatrix(placed, PORTRAIT);
  const area = stepOf(m) ** 2;
  const off = five.map(([x, y], i) => {
    const [dx, dy] = [x - placed[i][0], y - placed[i][1]];
    const along = (dx * m[0] + dy * m[3]) / area - habit[i][0];
    const down = (dx * m[1] + dy * m[4]) / area - habit[i][1];
    return Math.max(Math.abs(along), Math.abs(down));
  });
  return Math.max(...off);
}

/**
 * The faces of a photo without those that are none and seem sure; those that were found the wrong
 * way up are placed anew.
 *
 * @param {Image} image
 * @param {Face[]} faces
 * @param {import("./network.js").LandmarkNetwork} network has found the landmarks
 * @param {import("./detection.js").FaceDetector} detector
 * @returns {Promise<Face[]>}
 */
export async function agreed(image, faces, network, detector) {
  const limits = detector.description.agreement;
  const results = [];
  for (const face of faces) {
    const five = network.fivePointsOf(face.landmarks);
    const off = difference(five, face.fivePoints, limits.habit);
    const certain = face.meanScale < limits.certain * network.model.unsure;
    const doubtful = off > (certain ? limits.largestOffset : limits.doubtful);
    const settled = doubtful ? await settle(five, off > limits.largestOffset ? limits.close : limits.near) : { seen: true };
    results.push({ face, ...settled });
  }
  const staying = results.filter((result) => result.seen && !result.anew).map(({ face }) => face.box);
  return results.flatMap(({ face, seen, anew }) => {
    // Landmarks that no face confirms may stay if they say that they are unsure.
    if (!seen) return face.confidence < limits.sure ? [face] : [];
    if (!anew) return [face];
    const placed = { ...anew, box: boxOf(anew.landmarks), score: face.score };
    return staying.some((box) => overlap(box, placed.box) > limits.same) ? [] : [placed];
  });

  /** Whether there is a face, and its landmarks if they are placed anew. Landmarks that differ by at
   * most `near` from the network's points stay.
   * @param {Point[]} first @param {number} near @returns {Promise<{seen: boolean, anew?: Face}>} */
  async function settle(first, near) {
    const straight = await detector.look(image, first);
    let [five, look] = [first, straight];
    /** @type {Face | undefined} */
    let anew;
    let off = Infinity;
    for (let placed = 0; placed <= limits.rounds; placed++) {
      if (placed) {
        anew = await network.locate(image, look.fivePoints);
        five = network.fivePointsOf(anew.landmarks);
        look = await detector.look(image, five);
      }
      if (look.score < limits.face) return { seen: false };
      const before = off;
      off = apart(five, look.fivePoints);
      if (off <= (anew ? limits.close : near)) return { seen: true, anew };
      if (placed === 1 && look.score >= limits.surelyFace && off > limits.nearer * before) break;
    }
    return halfTurned(first, straight);
  }

  /** The same for landmarks that never settle: a profile, or a face that hangs.
   * @param {Point[]} first @param {{score: number, fivePoints: Point[]}} straight the look at them
   * @returns {Promise<{seen: boolean, anew?: Face}>} */
  async function halfTurned(first, straight) {
    const [mx, my] = meanOf(first);
    const around = await detector.look(image, first.map(([x, y]) => [2 * mx - x, 2 * my - y]));
    if (around.score <= straight.score) return { seen: apart(first, straight.fivePoints) <= limits.far };
    const anew = await network.locate(image, around.fivePoints);
    const five = network.fivePointsOf(anew.landmarks);
    const look = await detector.look(image, five);
    const right = look.score >= limits.face && apart(five, look.fivePoints) <= limits.near;
    return right ? { seen: true, anew } : { seen: false };
  }
}
