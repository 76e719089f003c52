/** Every text of the help: what panels show, the tour, and the keys. A translation replaces this file. */

/** Of each panel: its name, and how to read and use it. @type {Record<string, {title: string, text: string[]}>} */
export const PANELS = {
  source: {
    title: "Start",
    text: [
      "The image that the rates come from: a test image, your own drawing or picture, or a draw of the model's prior.",
      "Choose one: the encoder turns it into rates, and the decoder draws the picture from them.",
    ],
  },
  distance: {
    title: "Distance from real images",
    text: [
      "How far the present values are from those of the nearest test image, and which images are nearest. An orange meter: few real images lie this far from all others.",
      "Press an image to start from it.",
    ],
  },
  picture: {
    title: "Picture",
    text: [
      "Large: what the decoder makes of the present values. Below: the picture at the start, and the difference.",
      "With spikes, also what other noise makes of the same rates: their mean, how much noise changes each pixel, and the most and least typical of 16 draws. Press one of the last two to take its noise.",
    ],
  },
  noise: {
    title: "Noise and time",
    text: [
      "Spikes are drawn at random from the rates. One seed always gives the same noise, so that what changes in the picture comes from the rates alone.",
      "Keep redrawing shows what the noise costs. More time steps T make it smaller; the model was trained with one T, other values are an experiment.",
    ],
  },
  controls: {
    title: "Controls",
    text: [
      "Each moves many bars at once, along a direction in which one attribute of the picture changes. Its size was measured on validation images; point at one to read how well pictures follow.",
      "Drag, or use the arrow keys; a double click or Backspace brings it back to 0. Bars that are locked stay.",
    ],
  },
  rates: {
    title: "Bars",
    text: [
      "One bar for each number of the latent. With spikes it is a firing rate: how often the neuron spikes, 0 never, 1 at every step. Orange: the start. Gray: where 90 % of real images lie.",
      "Drag a bar, or sweep sideways over several. Click its value to type one. Ctrl+C copies all values, Ctrl+V pastes a list.",
    ],
  },
  response: {
    title: "What it does",
    text: [
      "Five pictures along the whole range of the bar or control that you point at, with everything else as it is now.",
      "Beside them: the real images that have most and least of it, and how often real images have how much; of a control, where their latents lie along its direction, in standard deviations (sd). Press one to start from it.",
    ],
  },
  raster: {
    title: "Spikes",
    text: [
      "One row for each neuron, one column for each time step, a mark for each spike. Violet is new, orange is gone since the last change. Point at a row to see its bar, and the other way round.",
      "Random spikes are those of the paper; even ones have the same rates with hardly any noise. Play shows the steps in slow motion: spikes arrive, and the picture is that of the spikes so far; with sound, each spike is a click.",
    ],
  },
};

/** The tour: what each step points at (the first that is there), and what it says. */
export const TOUR = [
  {
    at: ".picture-part",
    title: "A picture from a few numbers",
    text: "A network draws this picture. All it gets are the numbers on this page: change one, and the picture follows at once.",
  },
  {
    at: ".mixer",
    title: "One bar for each number",
    text: "With spikes, a bar is a firing rate: how often one neuron spikes, from 0, never, to 1, always. Drag a bar up or down, or use the arrow keys.",
  },
  {
    at: ".controls-part",
    title: "Controls move many bars",
    text: "A single bar rarely means anything that has a name. A control moves many at once, so that one attribute changes, such as thickness.",
  },
  {
    at: ".raster-part",
    title: "Rates become spikes",
    text: "Each row is one neuron over time. Spikes are drawn at random from the rates, as in the paper. Play shows them arrive while the picture forms.",
  },
  {
    at: ".source-part",
    title: "Start from any image",
    text: "Take a test image, draw one, bring your own, or let the model invent one. Orange marks on the bars keep the start in view.",
  },
  {
    at: ".actions",
    title: "Keep what you find",
    text: "Undo goes back step by step. The star saves a picture in the tray. Link copies an address that opens exactly this. Export saves pictures, films and data. The tour and lessons are under Help.",
  },
];

/** Keys, and what they do. @type {[heading: string, keys: [string, string][]][]} */
export const KEYS = [
  [
    "Everywhere",
    [
      ["?", "this help"],
      ["Ctrl+Z, Ctrl+Y", "undo, redo"],
      ["Tab, Shift+Tab", "next, previous control"],
      ["Escape", "close a menu, the help or the tour"],
    ],
  ],
  ["In Explore", [["P, Escape", "present: picture, bars and spikes alone; leave the presentation"]]],
  [
    "On a bar",
    [
      ["Arrow keys", "up or down by 1/64; with Shift by one time step, 1/T"],
      ["Page Up, Page Down", "by 1/8"],
      ["Home, End", "lowest, highest value"],
      ["Enter", "type an exact value"],
      ["Backspace", "back to the start"],
      ["L, M, S", "lock, mute, solo"],
      ["Ctrl+C, Ctrl+V", "copy, paste all values"],
    ],
  ],
  [
    "On an anchor in Interpolate",
    [
      ["Enter", "replace it"],
      ["Shift+Left, Shift+Right", "move it"],
    ],
  ],
  [
    "On a control",
    [
      ["Arrow keys", "more or less"],
      ["Backspace", "back to 0"],
    ],
  ],
];

/** The words of the frame around them. */
export const WORDS = {
  help: "Help",
  about: (title) => `Help: ${title}`,
  close: "Close",
  tour: "Take the tour",
  tourLength: "one minute",
  tourElsewhere: "The tour is on the page Explore.",
  lessons: "Lessons",
  lessonsOf: (model) => `Lessons of ${model}`,
  lessonsAbout: "Each opens a prepared state; Undo brings back what you had.",
  lesson: "Lesson",
  moreLessons: "All lessons",
  closeLesson: "Close the lesson",
  keys: "Keys",
  hide: "Hide",
  next: "Next",
  back: "Back",
  done: "Done",
  skip: "End the tour",
  place: (step, steps) => `${step} of ${steps}`,
};
