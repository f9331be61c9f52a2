/** Cells of a network that see the same face, and the box of a face that leans. */

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {{score: number, values: Point[]}} Cell
 * What a cell of a network sees: the middle of a face, its width and height, and points; pixels. */
/** @typedef {{box: [number, number, number, number], score: number, fivePoints: Point[]}} Found */

/** Shared area of two boxes. @param {number[]} a @param {number[]} b */
export function shared(a, b) {
  const [width, height] = [0, 1].map((i) => Math.max(0, Math.min(a[i + 2], b[i + 2]) - Math.max(a[i], b[i])));
  return width * height;
}

/** @param {number[]} box */
export const areaOf = (box) => (box[2] - box[0]) * (box[3] - box[1]);

/** Intersection over union. @param {number[]} a @param {number[]} b */
export function overlap(a, b) {
  const both = shared(a, b);
  return both / (areaOf(a) + areaOf(b) - both);
}

/** One cell for each face: the mean of those that see it, by their scores. The best is first.
 * @param {Cell[]} cells @param {number} same least overlap (IoU) of two that see one face @returns {Cell[]} */
export function merged(cells, same) {
  let left = cells
    .map(({ score, values }) => {
      const [[x, y], [width, height]] = values;
      return { score, values, box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2] };
    })
    .sort((a, b) => b.score - a.score);
  const faces = [];
  while (left.length) {
    const [best] = left;
    const group = left.filter(({ box }) => box === best.box || overlap(best.box, box) > same);
    const sum = group.reduce((scores, { score }) => scores + score, 0);
    /** @param {number} k @param {0 | 1} axis */
    const mean = (k, axis) => group.reduce((all, { score, values }) => all + (score / sum) * values[k][axis], 0);
    const values = best.values.map((_, k) => /** @type {Point} */ ([mean(k, 0), mean(k, 1)]));
    faces.push({ score: best.score, values });
    left = left.filter((cell) => !group.includes(cell));
  }
  return faces;
}

/** The box, parallel to the picture, of a face that leans.
 * @param {Cell["values"]} values the middle and the sides of a network's square
 * @param {Point} up direction of the forehead, of any length
 * @param {number[]} proportions how far the box lies towards the forehead, its width and its height,
 *   in sides of the square
 * @returns {Found["box"]} */
export function uprightBox([[x, y], [width, height]], up, [shift, across, along]) {
  const side = (width + height) / 2;
  const [ux, uy] = up.map((part) => part / Math.max(Math.hypot(...up), 1e-6));
  const [cx, cy] = [x + shift * side * ux, y + shift * side * uy];
  // The sides of the upright rectangle that is as wide and high as the turned one in the mean.
  const halfWidth = (side / 2) * Math.hypot(across * uy, along * ux);
  const halfHeight = (side / 2) * Math.hypot(across * ux, along * uy);
  return [cx - halfWidth, cy - halfHeight, cx + halfWidth, cy + halfHeight];
}
