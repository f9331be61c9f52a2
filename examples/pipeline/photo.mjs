// Landmarks in Node: npm install onnxruntime-node; node photo.mjs MODEL.onnx PHOTO.ppm WIDTHxHEIGHT
// MODEL.onnx is a file of `python -m export.pipeline --colour rgb` for photos of that size.
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [model, file, size] = process.argv.slice(2);
const [width, height] = size.split("x").map(Number);
const session = await InferenceSession.create(model);

const data = readFileSync(file); // PPM: "P6 width height 255", then red, green, blue
const [w, h] = data.toString("latin1", 0, 64).split(/\s+/).slice(1, 3).map(Number);
const photo = data.subarray(data.length - w * h * 3);

const rate = Math.max(w / width, h / height); // photo pixels in a pixel of the model's frame
const image = new Uint8Array(height * width * 3);
for (let y = 0; y < Math.floor(h / rate); y++)
  for (let x = 0; x < Math.floor(w / rate); x++) {
    const from = 3 * (Math.floor((y + 0.5) * rate) * w + Math.floor((x + 0.5) * rate));
    image.set(photo.subarray(from, from + 3), 3 * (y * width + x));
  }

const { landmarks, radii_90, confidence, count } = await session.run({
  image: new Tensor("uint8", image, [height, width, 3]),
});
for (let face = 0; face < count.data[0]; face++) {
  const nose = 68 * face + 30;
  const [x, y] = [0, 1].map((i) => (landmarks.data[2 * nose + i] + 0.5) * rate - 0.5);
  const [radius, sure] = [radii_90.data[nose] * rate, confidence.data[face]];
  console.log(
    `nose ${x.toFixed(2)} ${y.toFixed(2)} radius ${radius.toFixed(2)} confidence ${sure.toFixed(3)}`,
  );
}
