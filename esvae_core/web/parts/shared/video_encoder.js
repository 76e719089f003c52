/** Films as MP4, where the browser has an encoder of H.264 (WebCodecs). Such a film has lost some of its pixels. */

import { msg } from "../../messages.js";
import { joined } from "../../formats/bytes.js";
import { joinMp4 } from "../../formats/mp4.js";
import { rgba } from "../../formats/image_grid.js";
import { xmp } from "../../formats/xmp.js";

// Most blocks of 16 x 16 pixels in a picture, and the level of H.264 (table A-1) that allows them.
/** @type {[number, string][]} */
const LEVELS = [
  [1620, "1e"],
  [3600, "1f"],
  [8192, "28"],
  [22080, "32"],
  [36864, "33"],
];
const BITS = 4; // for each pixel: plenty, since every edge of an enlarged pixel is to stay sharp

/** Settings of an encoder whose files every player takes: the baseline profile. @returns {VideoEncoderConfig} */
function settings({ width, height }, ms) {
  const blocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const [, level] = LEVELS.find(([most]) => blocks <= most) ?? LEVELS[LEVELS.length - 1];
  const framerate = 1000 / ms;
  return {
    codec: `avc1.4200${level}`,
    width,
    height,
    framerate,
    bitrate: Math.ceil(width * height * framerate * BITS),
    avc: { format: "avc" },
  };
}

/** Whether this browser writes such films of that size. */
export async function writesMp4(size, ms) {
  if (typeof VideoEncoder === "undefined") return false;
  return VideoEncoder.isConfigSupported(settings(size, ms)).then(
    ({ supported }) => supported,
    () => false,
  );
}

/**
 * @param {import("../../formats/image_grid.js").ImageGrid[]} frames of one size
 * @param {number} ms how long each stays
 * @param {string} recipe its text
 * @returns {Promise<Uint8Array>} the file, with the recipe and the checksum of the frames as they were before
 * @throws {Error} if the browser cannot
 */
export async function encodeMp4(frames, ms, recipe) {
  const [size] = frames;
  if (!(await writesMp4(size, ms))) throw new Error(msg`this browser does not write MP4 of this size`);
  const samples = [];
  /** @type {{decoder: VideoDecoderConfig|null, failed: DOMException|null}} */
  const told = { decoder: null, failed: null };
  const encoder = new VideoEncoder({
    output: (chunk, about) => {
      told.decoder ??= about?.decoderConfig ?? null;
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      samples.push({ data, key: chunk.type === "key" });
    },
    error: (error) => (told.failed = error),
  });
  try {
    encoder.configure(settings(size, ms));
    frames.forEach((frame, i) => {
      const picture = new VideoFrame(rgba(frame), {
        format: "RGBX",
        codedWidth: size.width,
        codedHeight: size.height,
        timestamp: i * ms * 1000,
        duration: ms * 1000,
      });
      encoder.encode(picture, { keyFrame: true }); // none needs another: a player can stop at each
      picture.close();
    });
    await encoder.flush();
  } catch (error) {
    throw new Error(msg`the browser's encoder failed: ${(told.failed ?? error).message}`, { cause: error });
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  const { decoder } = told;
  if (!decoder?.description) throw new Error(msg`this browser does not write MP4 of this size`);
  const description = bytesIn(decoder.description);
  return joinMp4(
    samples,
    size,
    ms,
    { description, colorSpace: decoder.colorSpace },
    xmp(recipe, await checksum(frames)),
  );
}

/** @param {AllowSharedBufferSource} held */
const bytesIn = (held) =>
  ArrayBuffer.isView(held) ? new Uint8Array(held.buffer, held.byteOffset, held.byteLength) : new Uint8Array(held);

/** SHA-256 of the frames' bytes. */
async function checksum(frames) {
  const digest = await crypto.subtle.digest("SHA-256", joined(frames.map(({ bytes }) => bytes)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
