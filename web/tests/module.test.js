/** The module in Node, with the shipped models: `python -m web.build`, then `npm test --prefix web`. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { PNG } from "pngjs";
import { cropMatrix, cut, stepOf } from "../lapland/crop.js";
import { LaplandError, load } from "../lapland/index.js";
import { merged, uprightBox } from "../lapland/merging.js";
import { Halves, padded } from "../lapland/shrinking.js";

setFlagsFromString("--liftoff-only"); // to compile WebAssembly well takes longer than to run it here

/** @param {string} path below the root of the repository */
const place = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const built = process.env.LAPLAND_WEB ?? place("dist/web");
const models = existsSync(`${built}/models/index.json`);
const skip = models ? false : "there are no models: run `python -m web.build`";
/** @param {string} file */
const read = (file) => readFile(`${built}/models/${file}`);
const astronaut = PNG.sync.read(readFileSync(place("examples/astronaut.png")));

// As in docs/model-format.md and tests/golden: five points of the astronaut, and five views of them.
/** @type {[number, number][]} */
const FIVE = [[204, 100], [246, 102], [225, 127], [202, 139], [244, 141]];
const VIEWS = [[1, 0, 0, 0], [0.8, 0, 0, 0], [1, 0.3, 0, 0], [1.1, -0.2, 7, -5], [2, 0, 0, 0]];
const CROP = { size: 80, factor: 3, upright: true };

/** @param {number[]} view @returns {[number, number][]} */
function seen([scale, angle, dx, dy]) {
  const [mx, my] = [0, 1].map((i) => FIVE.reduce((sum, point) => sum + point[i], 0) / 5);
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return FIVE.map(([x, y]) => [
    cos * (x - mx) - sin * (y - my) + mx + dx,
    sin * (x - mx) + cos * (y - my) + my + dy,
  ]);
}

/** A part of the astronaut, as an image. @param {number} left @param {number} top */
function partOf(left, top, width = 400, height = 400) {
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * ((top + y) * astronaut.width + left);
    data.set(astronaut.data.subarray(from, from + 4 * width), 4 * y * width);
  }
  return { data, width, height };
}

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** @param {[number, number][]} a @param {[number, number][]} b */
const distances = (a, b) => a.map(([x, y], i) => Math.hypot(x - b[i][0], y - b[i][1]));

describe("crop", () => {
  test("the matrix is that of docs/model-format.md", () => {
    const expected = [1.577, -0.078, 164.794, 0.078, 1.577, 55.107];
    cropMatrix(FIVE, CROP).forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 0.001));
  });

  test("five points that coincide give the least square", () => {
    const matrix = cropMatrix(new Array(5).fill([10, 20]), CROP);
    assert.equal(stepOf(matrix), 1 / 80);
  });

  test("pixels come blue first, and all is black outside the image", () => {
    const image = { data: new Uint8Array([10, 20, 30, 255]), width: 1, height: 1 };
    const crop = cut(image, [1 / 4, 0, 0, 0, 1 / 4, 0], 8);
    assert.deepEqual([...crop.subarray(0, 3)], [26, 18, 9]); // its samples lie 1/16 off: 15/16 squared
    assert.deepEqual([...crop.subarray(-3)], [0, 0, 0]);
  });

  test("a large face is the mean of blocks", () => {
    const data = new Uint8Array(4 * 64 * 64).map((_, i) => ((i >> 2) % 2 ? 255 : 0)); // stripes
    const crop = cut({ data, width: 64, height: 64 }, [8, 0, 3.5, 0, 8, 3.5], 8);
    const inner = crop.subarray(3 * (8 * 3 + 3), 3 * (8 * 3 + 6));
    assert.ok(inner.every((value) => value === 128), String(inner));
  });
});

describe("the detector's input", () => {
  test("whole cells, blue first, black at the right and below", () => {
    const data = new Uint8Array(4 * 6).map((_, i) => i);
    const { pixels, width, height } = padded({ data, width: 3, height: 2 }, 4);
    assert.deepEqual([width, height], [4, 4]);
    assert.deepEqual([...pixels.subarray(0, 12)], [2, 1, 0, 6, 5, 4, 10, 9, 8, 0, 0, 0]);
    assert.ok(pixels.subarray(24).every((value) => value === 0));
  });

  test("a picture of its size is the same, a smaller one the mean of its halves", () => {
    const data = new Uint8Array(4 * 16 * 8).map((_, i) => 10 * ((i >> 2) % 16));
    const halves = new Halves({ data, width: 16, height: 8 });
    assert.equal(halves.at(16, 8), halves.image);
    const { data: small, width, height } = halves.at(4, 2);
    assert.deepEqual([width, height], [4, 2]);
    assert.deepEqual([0, 1, 2, 3].map((i) => small[4 * i]), [15, 55, 95, 135]);
  });
});

describe("faces that a network found", () => {
  test("cells that see the same one count by their scores, and the best is first", () => {
    /** @param {number} score @param {number} x @returns {import("../lapland/merging.js").Cell} */
    const cell = (score, x) => ({ score, values: [[x, 5], [10, 10], [x, 8]] });
    const faces = merged([cell(0.6, 0), cell(0.5, 90), cell(0.9, 5)], 0.3);
    assert.deepEqual(faces.map(({ score }) => score), [0.9, 0.5]);
    const expected = [3, 5, 10, 10, 3, 8];
    faces[0].values.flat().forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9));
  });

  test("the box of a face that lies is as wide as an upright one is high", () => {
    /** @type {import("../lapland/crop.js").Point[]} */
    const values = [[50, 60], [10, 10]];
    assert.deepEqual(uprightBox(values, [0, -2], [0.1, 0.8, 1.2]), [46, 53, 54, 65]);
    assert.deepEqual(uprightBox(values, [-3, 0], [0.1, 0.8, 1.2]), [43, 56, 55, 64]);
  });
});

describe("the networks", { skip }, () => {
  /** @type {import("../lapland/index.js").Lapland} */
  let lapland;
  /** @type {Record<"photo" | "video", string>} */
  let best;
  before(async () => {
    lapland = await load(read);
    /** @param {"photo" | "video"} kind */
    const nameOf = (kind) => /** @type {any} */ (lapland.models.find((m) => m.best.includes(kind))).name;
    best = { photo: nameOf("photo"), video: nameOf("video") };
  });

  test("landmarks of each model are torch's", async () => {
    for (const [number, { name, precision }] of lapland.models.entries()) {
      const file = place(`tests/golden/${name}.json`);
      if (!existsSync(file)) continue; // a custom model
      const golden = JSON.parse(readFileSync(file, "utf8"));
      await lapland.use(name);
      const views = [...VIEWS.keys()].filter((view) => (view + number) % 2 === 0);
      const faces = await lapland.locate(astronaut, views.map((view) => seen(VIEWS[view])));
      assert.equal(faces.length, views.length);
      faces.forEach((face, i) => {
        const view = views[i];
        const matrix = cropMatrix(face.fivePoints, CROP);
        const step = stepOf(matrix);
        const [cos, sin] = [matrix[0] / step, matrix[3] / step];
        /** @type {[number, number][]} */
        const points = face.landmarks.map(([x, y]) => {
          const [dx, dy] = [(x - matrix[2]) / step, (y - matrix[5]) / step];
          return [dx * cos + dy * sin, dy * cos - dx * sin];
        });
        const off = distances(points, golden.landmarks[view]);
        const scales = face.scales.map((s, i) => Math.abs(s / step - golden.scales[view][i]));
        if (precision === "float32") {
          assert.ok(Math.max(...off, ...scales) < 0.05, `${name}, view ${view}: ${Math.max(...off)}`);
        } else {
          // WebAssembly rounds a few sums otherwise; the steps of a narrow network are coarse.
          assert.ok(mean(off) < 0.5 && mean(scales) < 0.5, `${name}, view ${view}: ${mean(off)}`);
        }
      });
    }
  });

  test("a photo has one face, which is sure", async () => {
    await lapland.use(best.photo);
    const faces = await lapland.detect(astronaut);
    assert.equal(faces.length, 1);
    const [face] = faces;
    assert.equal(face.id, null);
    assert.ok(distances([face.landmarks[30]], [[225, 127]])[0] < 4);
    assert.ok(face.confidence > 0.9 && face.score > 0.9);
    const [half, most] = [face.radius(0.5), face.radius(0.9)];
    assert.ok(half.every((radius, i) => radius > 0 && radius < most[i]));
    assert.throws(() => face.radius(1), RangeError);
  });

  test("a picture without a face has none", async () => {
    const image = { data: new Uint8Array(4 * 640 * 480).fill(90), width: 640, height: 480 };
    assert.deepEqual(await lapland.detect(image), []);
  });

  test("a face that moves is followed without a search, and is lost when it is gone", async () => {
    await lapland.use(best.video);
    lapland.reset();
    for (let frame = 0; frame < 8; frame++) {
      const [face, ...others] = await lapland.track(partOf(4 * frame, 2 * frame), frame / 30);
      assert.equal(face.id, 0);
      assert.equal(others.length, 0);
      assert.equal(lapland.milliseconds.detection > 0, frame === 0);
      assert.ok(distances([face.landmarks[30]], [[225 - 4 * frame, 127 - 2 * frame]])[0] < 6);
    }
    const nobody = { data: new Uint8Array(4 * 400 * 400).fill(90), width: 400, height: 400 };
    assert.deepEqual(await lapland.track(nobody, 0.5), []);
    const [again] = await lapland.track(partOf(0, 0), 1);
    assert.equal(again.id, 1);
  });

  test("calls that overlap wait for one another", async () => {
    const [first, second] = await Promise.all([lapland.detect(astronaut), lapland.detect(astronaut)]);
    assert.deepEqual(first[0].landmarks, second[0].landmarks);
  });

  test("errors say what was expected", async () => {
    // @ts-expect-error: a wrong type
    await assert.rejects(lapland.detect("photo.jpg"), LaplandError);
    await assert.rejects(lapland.detect({ data: new Uint8Array(3), width: 1, height: 1 }), /four bytes/);
    await assert.rejects(lapland.use("large"), new RegExp(`expected one of .*${best.video}`));
    await assert.rejects(load(async () => new TextEncoder().encode("{}")));
    assert.equal((await lapland.detect(astronaut)).length, 1); // it works on
  });
});
