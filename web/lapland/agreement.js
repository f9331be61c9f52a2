/**
 * Faces that are none or were found the wrong way up, as Python's `predict` has it. Face detectors
 * know upright faces: in one that lies or hangs they see another. Then the five points of its
 * landmarks differ from the detector's, and the last network of the detector, shown the portrait
 * about the landmarks, sees no face there, or the right one.
 */

import { boxOf, cropMatrix, meanOf, stepOf } from "./crop.js";
import { areaOf, shared } from "./merging.js";
import { PORTRAIT } from "./onet.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./crop.js").Image} Image */
/** @typedef {import("./network.js").Face} Face */

const FACE = 0.5; // least score
// Differences of five points, pixels of the portrait.
const DOUBTFUL = 2.5; // above it the face is looked at
const LARGEST_OFFSET = 6; // above it a crop is a bad one, even if its landmarks agree
const FAR = 10; // beyond it the detector sees another face than the network
const [CLOSE, NEAR] = [2.2, 4]; // up to these the network agrees with landmarks placed anew, with the first
const ROUNDS = 3; // how often a face is placed anew at most
const SURE = 0.5; // least confidence of a face that seems sure
const SAME = 0.5; // least overlap of two boxes of one face

/** Largest difference of five points from others, in pixels of the portrait of the first.
 * @param {Point[]} five @param {Point[]} others */
function apart(five, others) {
  const off = five.map(([x, y], i) => Math.max(Math.abs(x - others[i][0]), Math.abs(y - others[i][1])));
  return Math.max(...off) / stepOf(cropMatrix(five, PORTRAIT));
}

/** Intersection over union. @param {Face["box"]} a @param {Face["box"]} b */
function overlap(a, b) {
  const both = shared(a, b);
  return both / (areaOf(a) + areaOf(b) - both);
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
  const results = [];
  for (const face of faces) {
    const five = network.fivePointsOf(face.landmarks);
    const off = apart(five, face.fivePoints);
    const settled = off > DOUBTFUL ? await settle(five, off > LARGEST_OFFSET ? CLOSE : NEAR) : { seen: true };
    results.push({ face, ...settled });
  }
  const staying = results.filter((result) => result.seen && !result.anew).map(({ face }) => face.box);
  return results.flatMap(({ face, seen, anew }) => {
    // Landmarks that no face confirms may stay if they say that they are unsure.
    if (!seen) return face.confidence < SURE ? [face] : [];
    if (!anew) return [face];
    const placed = { ...anew, box: boxOf(anew.landmarks), score: face.score };
    return staying.some((box) => overlap(box, placed.box) > SAME) ? [] : [placed];
  });

  /** Whether there is a face, and its landmarks if they are placed anew. Landmarks that differ by at
   * most `near` from the network's points stay.
   * @param {Point[]} first @param {number} near @returns {Promise<{seen: boolean, anew?: Face}>} */
  async function settle(first, near) {
    const straight = await detector.look(image, first);
    let [five, look] = [first, straight];
    /** @type {Face | undefined} */
    let anew;
    for (let placed = 0; placed <= ROUNDS; placed++) {
      if (placed) {
        anew = await network.locate(image, look.fivePoints);
        five = network.fivePointsOf(anew.landmarks);
        look = await detector.look(image, five);
      }
      if (look.score < FACE) return { seen: false };
      if (apart(five, look.fivePoints) <= (anew ? CLOSE : near)) return { seen: true, anew };
    }
    return halfTurned(first, straight);
  }

  /** The same for landmarks that never settle: a profile, or a face that hangs.
   * @param {Point[]} first @param {{score: number, fivePoints: Point[]}} straight the look at them
   * @returns {Promise<{seen: boolean, anew?: Face}>} */
  async function halfTurned(first, straight) {
    const [mx, my] = meanOf(first);
    const around = await detector.look(image, first.map(([x, y]) => [2 * mx - x, 2 * my - y]));
    if (around.score <= straight.score) return { seen: apart(first, straight.fivePoints) <= FAR };
    const anew = await network.locate(image, around.fivePoints);
    const five = network.fivePointsOf(anew.landmarks);
    const look = await detector.look(image, five);
    const right = look.score >= FACE && apart(five, look.fivePoints) <= NEAR;
    return right ? { seen: true, anew } : { seen: false };
  }
}
