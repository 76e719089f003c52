/** Checkpoints of the visitor's own: dropped on the page or chosen in a dialog, and opened by the server. */

import { msg } from "../../messages.js";
import { fileField } from "./file_field.js";

const SUFFIX = ".safetensors";
const LARGEST = 64 * 2 ** 20; // `app/uploads.py`: the server takes no more, and need not be sent it

/** @param {File} file */
export const looksCheckpoint = (file) => file.name.toLowerCase().endsWith(SUFFIX);

/**
 * Have it listed, and look at it.
 * @param {Session} session
 * @param {File} file
 * @throws {Error} it is none, or it is not taken
 */
export async function openCheckpoint(session, file) {
  const { backend } = session;
  if (!looksCheckpoint(file)) throw new Error(msg`expected a checkpoint (.safetensors)`);
  if (!backend.open) throw new Error(msg`this page is a file without a server; “esvae app FILE” opens a checkpoint`);
  if (file.size > LARGEST)
    throw new Error(msg`expected at most ${LARGEST / 2 ** 20} MiB; “esvae app FILE” opens larger checkpoints`);
  const words = msg`Opening ${file.name} …`;
  session.say(words);
  const { name, problem, frames } = await backend.open(file);
  session.models = await backend.models();
  if (session.message?.text === words) session.say(null);
  if (!problem) return session.choose(name);
  session.refresh();
  if (frames) session.say(msg`${name} is a model of recordings: the view Models plays them.`);
  else session.say(msg`${name} is listed in Models and cannot be explored: ${problem}`, "warning");
}

/**
 * A place to choose or drop one, below the list of models.
 * @param {Session} session
 * @param {() => void} onchosen
 */
export function checkpointField(session, onchosen) {
  return fileField({
    take: (file) => {
      onchosen();
      return openCheckpoint(session, file).catch((error) => session.say(`${file.name}: ${error.message}.`, "warning"));
    },
    accept: SUFFIX,
    name: msg`A checkpoint of your own`,
    choose: msg`Open a checkpoint`,
    drop: msg` of yours (.safetensors), or drop one on the page`,
  });
}
