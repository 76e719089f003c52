/** Every text of the help: what panels show, the tour, and the keys. */

import { msg } from "../../messages.js";

/** Of each panel: its name, and how to read and use it. @type {Record<string, {title: string, text: string[]}>} */
export const PANELS = {
  source: {
    title: msg`Start`,
    text: [
      msg`The image that the rates come from: a test image, your own drawing or picture, or a draw of the model's prior.`,
      msg`Choose one: the encoder turns it into rates, and the decoder draws the picture from them.`,
    ],
  },
  distance: {
    title: msg`Distance from real images`,
    text: [
      msg`How far the present values are from those of the nearest test image, and which images are nearest. An orange meter: few real images lie this far from all others.`,
      msg`Press an image to start from it.`,
    ],
  },
  picture: {
    title: msg`Picture`,
    text: [
      msg`Large: what the decoder makes of the present values. Below: the picture at the start, and the difference.`,
      msg`With spikes, also what other noise makes of the same rates: their mean, how much noise changes each pixel, and the most and least typical of 16 draws. Press one of the last two to take its noise.`,
    ],
  },
  noise: {
    title: msg`Noise and time`,
    text: [
      msg`Spikes are drawn at random from the rates. One seed always gives the same noise, so that what changes in the picture comes from the rates alone.`,
      msg`Keep redrawing shows what the noise costs. More time steps T make it smaller; the model was trained with one T, other values are an experiment.`,
    ],
  },
  controls: {
    title: msg`Controls`,
    text: [
      msg`Each moves many bars at once, along a direction in which one attribute of the picture changes. Its size was measured on validation images; point at one to read how well pictures follow.`,
      msg`Drag, or use the arrow keys; a double click or Backspace brings it back to 0. Bars that are locked stay.`,
    ],
  },
  rates: {
    title: msg`Bars`,
    text: [
      msg`One bar for each number of the latent. With spikes it is a firing rate: how often the neuron spikes, 0 never, 1 at every step. Orange: the start. Gray: where 90 % of real images lie.`,
      msg`Drag a bar, or sweep sideways over several. Click its value to type one. Ctrl+C copies all values, Ctrl+V pastes a list.`,
    ],
  },
  response: {
    title: msg`What it does`,
    text: [
      msg`Five pictures along the whole range of the bar or control that you point at, with everything else as it is now.`,
      msg`Beside them: the real images that have most and least of it, and how often real images have how much; of a control, where their latents lie along its direction, in standard deviations (sd). Press one to start from it.`,
    ],
  },
  raster: {
    title: msg`Spikes`,
    text: [
      msg`One row for each neuron, one column for each time step, a mark for each spike. Violet is new, orange is gone since the last change. Point at a row to see its bar, and the other way round.`,
      msg`Random spikes are those of the paper; even ones have the same rates with hardly any noise. Play shows the steps in slow motion: spikes arrive, and the picture is that of the spikes so far; with sound, each spike is a click.`,
    ],
  },
};

/** The tour: what each step points at (the first that is there), and what it says. */
export const TOUR = [
  {
    at: ".picture-part",
    title: msg`A picture from a few numbers`,
    text: msg`A network draws this picture. All it gets are the numbers on this page: change one, and the picture follows at once.`,
  },
  {
    at: ".mixer",
    title: msg`One bar for each number`,
    text: msg`With spikes, a bar is a firing rate: how often one neuron spikes, from 0, never, to 1, always. Drag a bar up or down, or use the arrow keys (left and right lead to the next bar).`,
  },
  {
    at: ".controls-part",
    title: msg`Controls move many bars`,
    text: msg`A single bar rarely means anything that has a name. A control moves many at once, so that one attribute changes, such as thickness.`,
  },
  {
    at: ".raster-part",
    title: msg`Rates become spikes`,
    text: msg`Each row is one neuron over time. Spikes are drawn at random from the rates, as in the paper. Play shows them arrive while the picture forms.`,
  },
  {
    at: ".source-part",
    title: msg`Start from any image`,
    text: msg`Take a test image, draw one, bring your own, or let the model invent one. Orange marks on the bars keep the start in view.`,
  },
  {
    at: ".actions",
    title: msg`Keep what you find`,
    text: msg`Undo goes back step by step. The star saves a picture in the tray. Link copies an address that opens exactly this. Export saves pictures, films and data. The tour and lessons are under Help.`,
  },
];

/** Keys, and what they do. @type {[heading: string, keys: [string, string][]][]} */
export const KEYS = [
  [
    msg`Everywhere`,
    [
      ["?", msg`this help`],
      [msg`Ctrl+Z, Ctrl+Y`, msg`undo, redo`],
      [msg`Tab, Shift+Tab`, msg`next, previous control`],
      [msg`Escape`, msg`close a menu, the help or the tour`],
    ],
  ],
  [msg`In Explore`, [[msg`P, Escape`, msg`present: picture, bars and spikes alone; leave the presentation`]]],
  [
    msg`On a bar`,
    [
      [msg`Up, Down`, msg`by 1/64; with Shift by one time step, 1/T`],
      [msg`Left, Right`, msg`to the bar beside it`],
      [msg`Page Up, Page Down`, msg`by 1/8`],
      [msg`Home, End`, msg`lowest, highest value`],
      [msg`Enter`, msg`type an exact value`],
      [msg`Backspace`, msg`back to the start`],
      ["L, M, S", msg`lock, mute, solo`],
      [msg`Ctrl+C, Ctrl+V`, msg`copy, paste all values`],
    ],
  ],
  [
    msg`On an anchor in Interpolate`,
    [
      [msg`Enter`, msg`replace it`],
      [msg`Shift+Left, Shift+Right`, msg`move it`],
    ],
  ],
  [
    msg`On a control`,
    [
      [msg`Arrow keys`, msg`more or less`],
      [msg`Backspace`, msg`back to 0`],
    ],
  ],
];

/** The words of the frame around them. */
export const WORDS = {
  help: msg`Help`,
  about: (title) => msg`Help: ${title}`,
  close: msg`Close`,
  tour: msg`Take the tour`,
  tourLength: msg`one minute`,
  tourElsewhere: msg`The tour is on the page Explore.`,
  lessons: msg`Lessons`,
  lessonsOf: (model) => msg`Lessons of ${model}`,
  lessonsAbout: msg`Each opens a prepared state; Undo brings back what you had.`,
  lesson: msg`Lesson`,
  moreLessons: msg`All lessons`,
  closeLesson: msg`Close the lesson`,
  keys: msg`Keys`,
  hide: msg`Hide`,
  next: msg`Next`,
  back: msg`Back`,
  done: msg`Done`,
  skip: msg`End the tour`,
  place: (step, steps) => msg`${step} of ${steps}`,
};
