/** How a model was trained: its budget in words, and its error by epoch. */

import { msg } from "../../messages.js";
import { chart } from "../shared/chart.js";

// Processor time does not grow while a run is paused, but means little where a GPU does the work.
const counted = (training) => training.device === "cpu" && training.cpu_seconds;

const spent = (training) => (counted(training) || training.seconds) / 60;

/** What a budget is sorted by; null if the model does not say. */
export const minutes = (training) => (training ? spent(training) : null);

export const budget = (training) =>
  msg`${training.epochs} epochs, ${spent(training).toFixed(0)} ` +
  (counted(training) ? msg`core minutes` : msg`min on ${training.device}`);

/** What a budget means. @param {Training} training */
export const budgetWords = (training) =>
  counted(training)
    ? msg`Passes over the training images, and the time of one processor core that they took`
    : msg`Passes over the training images, and how long they took`;

/** The curve of a model's card as a chart; null if there is none to draw. @param {ModelListing} model */
export function learning({ name, card }) {
  const rows = card?.curve ?? [];
  if (rows.length < 2) return null;
  const [first, last] = [rows[0], rows[rows.length - 1]];
  const line = (key) => rows.map((row) => [row.epoch, row[key]]);
  const trained = rows.every((row) => "mse" in row);
  const values = [...line("validation_mse"), ...(trained ? line("mse") : [])].map(([, value]) => value);
  const element = chart(msg`Training`);
  element.dataset.figure = msg`Training of ${name}`; // as a file it stands beside charts of the model at work
  element.draw({
    x: { label: msg`epoch`, from: first.epoch, to: last.epoch, whole: true },
    y: { label: msg`squared error`, from: 0, to: 1.08 * Math.max(...values) },
    marks: [
      trained ? { kind: "line", tone: "was", dashed: true, name: msg`in training`, values: line("mse") } : null,
      { kind: "line", tone: "now", name: msg`validation`, values: line("validation_mse") },
    ],
    words: msg`Validation error of ${name} from ${first.validation_mse.toFixed(3)} to ${last.validation_mse.toFixed(3)} over ${rows.length} epochs.`,
    note: msg`Validation error from ${first.validation_mse.toFixed(3)} to ${last.validation_mse.toFixed(3)}; each epoch is validated at the T that it trained with.`,
  });
  return element;
}
