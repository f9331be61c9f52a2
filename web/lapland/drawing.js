/** Draws faces on a canvas: contours, landmarks coloured by how sure they are, and circles. */

import { sideOf } from "./uncertainty.js";

// Scale of a landmark over the side of its face at which it is drawn as sure and as unsure, and the
// colours between, as in Python's `draw`.
const [SURE, UNSURE] = [0.0196, 0.0324];
const COLOURS = [[60, 230, 120], [250, 210, 40], [240, 60, 40]];

/** Colour of each landmark of a face: green if it is sure, over yellow to red if it is not.
 * @param {import("./network.js").Face} face */
export function coloursOf(face) {
  const side = Math.max(1, sideOf(face.landmarks));
  return face.scales.map((scale) => {
    const relative = Math.log(Math.max(scale / side, 1e-6) / SURE) / Math.log(UNSURE / SURE);
    const at = Math.min(Math.max(relative, 0), 1) * (COLOURS.length - 1);
    const low = Math.min(Math.floor(at), COLOURS.length - 2);
    const mixed = COLOURS[low].map((c, i) => Math.round(c + (at - low) * (COLOURS[low + 1][i] - c)));
    return `rgb(${mixed.join(" ")})`;
  });
}

/**
 * Draws faces. Lines and dots are as thick as a face is large.
 *
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {import("./network.js").Face[]} faces
 * @param {import("./uncertainty.js").Scheme} scheme of the model that found them
 * @param {{radius?: number}} [options] a probability: draws the circles that hold each landmark
 *   with it
 */
export function draw(context, faces, scheme, { radius } = {}) {
  context.save();
  context.translate(0.5, 0.5); // the canvas counts from the edge of the first pixel, not its centre
  context.lineJoin = "round";
  for (const face of faces) {
    const side = Math.max(1, sideOf(face.landmarks));
    const colours = coloursOf(face);
    context.lineWidth = Math.max(1, side / 220);
    context.strokeStyle = "rgb(250 250 250)";
    context.globalAlpha = Math.min(0.75, 0.2 + side / 400);
    for (const { indices, closed } of scheme.contours) {
      context.beginPath();
      for (const i of indices) context.lineTo(...face.landmarks[i]);
      if (closed) context.closePath();
      context.stroke();
    }
    context.globalAlpha = 1;
    const radii = radius ? face.radius(radius) : [];
    face.landmarks.forEach(([x, y], i) => {
      context.fillStyle = context.strokeStyle = colours[i];
      if (radius) {
        context.beginPath();
        context.arc(x, y, radii[i], 0, 2 * Math.PI);
        context.stroke();
      }
      context.beginPath();
      context.arc(x, y, Math.max(0.9, side / 110), 0, 2 * Math.PI);
      context.fill();
    });
  }
  context.restore();
}
