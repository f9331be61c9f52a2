/**
 * Tracking in its simplest form: the next crop of a face comes from its last landmarks, while their
 * scales are small. The whole frame is searched when a face is lost, and from time to time.
 */

import { boxOf } from "./crop.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./crop.js").Image} Image */
/** @typedef {import("./network.js").Face} Face */

const SEARCH_EVERY = 2; // seconds, while all faces are well
const SEARCH_AGAIN = 0.2; // seconds, while there is none, or one was lost
const OFF = 0.15; // how far from the middle of its crop a face is cropped again, in sides of its five points
const SAME = 0.3; // overlap of the squares of two sets of five points that belong to one face

const SIDES = 2; // side of the square that stands for a face, in longer sides of its five points

/** The square about a face. @param {Point[]} points */
function squareOf(points) {
  const [left, top, right, bottom] = boxOf(points);
  const side = SIDES * Math.max(right - left, bottom - top);
  return { x: (left + right) / 2, y: (top + bottom) / 2, side };
}

/** Intersection over union of the squares about two faces. @param {Point[]} a @param {Point[]} b */
function overlap(a, b) {
  const [one, other] = [squareOf(a), squareOf(b)];
  /** @param {"x" | "y"} axis */
  const shared = (axis) => {
    const high = Math.min(one[axis] + one.side / 2, other[axis] + other.side / 2);
    return Math.max(0, high - Math.max(one[axis] - one.side / 2, other[axis] - other.side / 2));
  };
  const both = shared("x") * shared("y");
  return both / (one.side ** 2 + other.side ** 2 - both);
}

export class Tracker {
  /** @param {import("./network.js").LandmarkNetwork} network
   * @param {import("./detection.js").FaceDetector} detector */
  constructor(network, detector) {
    this.network = network;
    this.detector = detector;
    /** @type {Face[]} */
    this.faces = [];
    this.nextId = 0;
    this.searched = -Infinity; // seconds
    this.wanting = true; // whether there is no face, or one was lost since the last search
  }

  /**
   * The faces of the next frame, the longest followed first.
   *
   * @param {Image} image
   * @param {number} seconds time of the frame
   */
  async update(image, seconds) {
    const before = this.faces;
    /** @type {Face[]} */
    const followed = [];
    for (const face of before) {
      const next = await this.follow(image, face);
      if (this.isSure(next, image) && !this.isAmong(next, followed)) {
        followed.push({ ...next, id: face.id, score: face.score });
      }
    }
    this.wanting ||= followed.length < before.length || followed.length === 0;
    if (seconds - this.searched >= (this.wanting ? SEARCH_AGAIN : SEARCH_EVERY)) {
      this.searched = seconds;
      await this.search(image, before, followed);
      this.wanting = followed.length === 0;
    }
    this.faces = followed.sort((a, b) => Number(a.id) - Number(b.id));
    return this.faces;
  }

  /** A face in the next frame: one that moved far lies off the middle of its crop, and is cropped
   * again there.
   * @param {Image} image @param {Face} face */
  async follow(image, face) {
    const start = this.network.fivePointsOf(face.landmarks);
    const next = await this.network.locate(image, start);
    const five = this.network.fivePointsOf(next.landmarks);
    const [from, to] = [squareOf(start), squareOf(five)];
    const moved = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
    if (moved <= (OFF * to.side) / SIDES) return next;
    const again = await this.network.locate(image, five);
    return again.meanScale < next.meanScale ? again : next;
  }

  /** Adds faces that nobody follows. A lost one that is found at its place keeps its number.
   * @param {Image} image @param {Face[]} before @param {Face[]} followed */
  async search(image, before, followed) {
    for (const { fivePoints, score } of await this.detector.find(image)) {
      const face = await this.network.locate(image, fivePoints);
      if (!this.isSure(face, image) || this.isAmong(face, followed)) continue;
      const lost = before.find(
        (old) => !followed.some((f) => f.id === old.id) && this.isAmong(face, [old]),
      );
      followed.push({ ...face, score, id: lost ? lost.id : this.nextId++ });
    }
  }

  /** @param {Face} face @param {Image} image */
  isSure(face, image) {
    const { x, y } = squareOf(this.network.fivePointsOf(face.landmarks));
    const inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
    return inside && face.meanScale <= this.network.model.unsure;
  }

  /** @param {Face} face @param {Face[]} others */
  isAmong(face, others) {
    const five = this.network.fivePointsOf(face.landmarks);
    return others.some((o) => overlap(five, this.network.fivePointsOf(o.landmarks)) > SAME);
  }
}
