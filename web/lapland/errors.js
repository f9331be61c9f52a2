/** An error of lapland: its message has the expected value, the given one, and the remedy. */
export class LaplandError extends Error {
  name = "LaplandError";
}
