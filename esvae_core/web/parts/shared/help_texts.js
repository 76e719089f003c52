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
  counts: {
    title: msg`Spikes`,
    text: [
      msg`One row for each neuron, one column for each time step, a mark for each spike. Violet is new, orange is gone since the last change. Point at a row to read it.`,
      msg`The counts are Poisson: their variance is as large as their mean. The decoder gets the counts alone, all at once, so it does not matter when a spike falls.`,
    ],
  },
  cells: {
    title: msg`Spikes`,
    text: [
      msg`One row for each neuron, one column for each time step. Beside the rows: how many spikes each neuron has, and how many its rate leads one to expect; below: the spikes of each step.`,
      msg`Click a cell to set a spike there, or to remove it, and the name of a neuron for its statistics. Rank spikes by effect turns every cell once, and colours those that change the picture.`,
    ],
  },
  steps: {
    title: msg`Picture`,
    text: [
      msg`Large: the picture of the spikes up to the chosen step. Small: after all steps, as the spikes were drawn, and what edits and damage change in it.`,
      msg`Move the slider or press Play to see the picture form. The bars say how much each step weighs in the final picture: where the readout forgets, late steps count most.`,
    ],
  },
  damage: {
    title: msg`Damage`,
    text: [
      msg`What becomes of the picture when spikes are lost, added or moved before the decoder gets them. Choose a kind and drag the amount; None takes the damage away.`,
      msg`The noise seed says which spikes are hit, so that the same seed gives the same damage.`,
    ],
  },
  statistics: {
    title: msg`Bernoulli, not Poisson`,
    text: [
      msg`Many draws of the same rates: how many spikes a neuron has, how many steps lie between two of them, and the Fano factor, the variance of the count over its mean. Gray is what was drawn; lines and dots are the law that it should follow.`,
      msg`Choose a neuron, or all, and how many draws there are; more draws come nearer to the law. The chart of true Poisson counts shows what these spikes are not.`,
    ],
  },
  timing: {
    title: msg`Same counts, other timing`,
    text: [
      msg`Each neuron has as many spikes as now, at other times: all early, all late, evenly spaced, or shuffled. Of each: the spikes, the picture, and its difference from the picture now.`,
      msg`The differences say how much the decoder uses the times of spikes beyond their counts. Take makes these spikes the present ones; Undo goes back.`,
    ],
  },
  layers: {
    title: msg`Inside the network`,
    text: [
      msg`Each small square is a channel of the chosen layer, each of its pixels a neuron. Rate shows how often each fires; spikes and membrane show the step that the picture is at.`,
      msg`Click a neuron, or type its channel, row and column: the chart shows its membrane potential, which rises with the input, leaks at each step, and is reset where the neuron spikes.`,
    ],
  },
  anchors: {
    title: msg`Anchors`,
    text: [
      msg`The pictures that the path goes through, from left to right: two to eight of them. Press one to replace it, and drag it to move it.`,
      msg`New ones are what Explore shows now, test images, draws of the prior or saved pictures; a control can be the path, too. Above: the way between anchors, the noise, and how many frames there are.`,
    ],
  },
  path: {
    title: msg`Path`,
    text: [
      msg`The frames of the path from the first anchor to the last. The bar below a frame says how far the picture is from the frame before; a number, how many test images lie near.`,
      msg`A path through places without real images is one that the model was never trained on. Press a frame to go there; Export saves the path as a film, pictures or data.`,
    ],
  },
  place: {
    title: msg`Picture`,
    text: [
      msg`What the decoder makes of the chosen place, on the path or in the square. All views show the same place.`,
      msg`Drag the slider along the path, or press Play to go there and back.`,
    ],
  },
  blend: {
    title: msg`Between four`,
    text: [
      msg`The first four anchors at the corners; each picture in between is a mixture of them, the more of an anchor the nearer to its corner.`,
      msg`Drag over the square, or use the arrow keys: the picture beside it is the one at the ring, decoded at once.`,
    ],
  },
  placeSpikes: {
    title: msg`Spikes`,
    text: [
      msg`The spikes of the picture at the chosen place: one row for each neuron, one column for each time step. Violet is new, orange is gone since the last change.`,
      msg`With the same noise for all frames, spikes change only where rates do. With drifting noise, or new noise for each frame, the noise changes them, too.`,
    ],
  },
  map: {
    title: msg`Map`,
    text: [
      msg`Each point is a test image; images with similar latents lie near each other. The cross is the present picture, the orange ring its start. UMAP keeps neighbourhoods, not distances: how far groups lie apart means little.`,
      msg`Point at the map to see the image there, or what the model makes of the space between; click to start from it. Drag to move or turn the map, use the wheel to zoom, and draw a lasso around points to compare them.`,
    ],
  },
  mapBars: {
    title: msg`Bars`,
    text: [
      msg`The present values, one bar for each number of the latent, as in Explore. The cross on the map says where they lie among the test images.`,
      msg`Move a bar: the cross travels, and the picture above follows.`,
    ],
  },
  selection: {
    title: msg`Selection`,
    text: [
      msg`The test images inside the lasso: how many of each class, their mean values as small bars, and the picture of this mean. Press the picture to go there.`,
      msg`Save writes the images and their mean to a file. With a name, the way from all other images to these becomes a control in Explore.`,
    ],
  },
  mapSettings: {
    title: msg`Settings of the map`,
    text: [
      msg`What UMAP looks at when it lays out the points. Few neighbours show detail, many the whole; a small least distance makes dense groups; the metric says which latents count as similar.`,
      msg`Recompute lays out the same images anew on the server, which takes some seconds. The link keeps the settings, and Original map brings back the first layout.`,
    ],
  },
  samples: {
    title: msg`Samples of the prior`,
    text: [
      msg`Pictures that the model invents: each is decoded from a random draw of the prior, by a seed of its own. A lower temperature keeps draws nearer to the prior's middle, a higher one takes them farther out.`,
      msg`Press a sample to make it the present picture in all views. The pin keeps a sample when the others change; the dice puts another one in its place. A control moves all samples, or holds them at one value.`,
    ],
  },
  dimensions: {
    title: msg`Dimensions`,
    text: [
      msg`One row for each number of the latent: which values real images have, how much of its range they use, how much it changes the picture, and which class it goes with. Point at a header or a figure to read what it is.`,
      msg`Press a header to sort, and a row to look at it on the right. CSV saves the table.`,
    ],
  },
  controlTable: {
    title: msg`Dimensions`,
    text: [
      msg`One row for each control, a direction in which one attribute of the picture changes, with what was measured on images that it was not fitted to. Point at a header or a figure to read what it is.`,
      msg`Press a header to sort, and a row to look at it on the right. A control that pictures do not follow says why. CSV saves the table.`,
    ],
  },
  dimension: {
    title: msg`One dimension`,
    text: [
      msg`The dimension of the row that was pressed: how often real images have which value, its mean in each class, and the real images with most and least of it. The bar in the histogram is the present value.`,
      msg`Drag the slider and the picture follows. Type a name, or press one that is offered: it stays in the link, and all views use it.`,
    ],
  },
  control: {
    title: msg`One control`,
    text: [
      msg`The control of the row that was pressed: the present picture with less and more of it, and the real images that lie furthest along it. Press one to start from it.`,
      msg`The table compares what was asked for with what the pictures then showed, and what else changed, on images that the control was not fitted to.`,
    ],
  },
  classMeans: {
    title: msg`Means by class`,
    text: [
      msg`Each column is a dimension, each row a class; the colour is the mean value over the test images of that class. A column of one colour says nothing about the class.`,
      msg`Point at a cell to read it, and press a column to look at that dimension. The arrow keys go from cell to cell.`,
    ],
  },
  correlations: {
    title: msg`Correlation with attributes`,
    text: [
      msg`Each column is a dimension, each row an attribute of the training images, such as thickness; the colour is their correlation. A strong colour means that the attribute could be read off this single dimension.`,
      msg`Point at a cell to read it, and press a column to look at that dimension. The arrow keys go from cell to cell.`,
    ],
  },
  models: {
    title: msg`Models`,
    text: [
      msg`All checkpoints that are here, with the figures in their files: the squared error of reconstructed test images, and how far samples of the prior are from test images (Fréchet autoencoder distance, FAD). Less is better for both. Compare figures of one data set and one column alone.`,
      msg`Press a header to sort, and a name to open the model. Point at a figure to read how it was measured.`,
    ],
  },
  side: {
    title: msg`Side by side`,
    text: [
      msg`The open model and another one: the same test images, as each decodes them, and samples of both priors by the same seeds. Nothing is chosen by hand.`,
      msg`Choose the other model in the list. Test images are shown where both models know some in common.`,
    ],
  },
  modelCard: {
    title: msg`Card of the model`,
    text: [
      msg`What the model's file says of it: how it was trained, its layers, and each figure with the protocol that it was measured by.`,
      msg`Of a model with spikes that is open, bars say which share of each layer's neurons fires for the present picture. Settings unfolds all that the model was built with.`,
    ],
  },
  howImage: {
    title: msg`Where it begins`,
    text: [
      msg`The image that the encoder gets. Where the rates are a draw of the prior, there is no image, and here are the random numbers that it begins with.`,
      msg`Choose another example above; an own picture or drawing can be chosen in Explore.`,
    ],
  },
  howEncoder: {
    title: msg`From image to latent`,
    text: [
      msg`What the encoder's layers do with the image: each small square is a channel, each pixel of it a neuron; the stronger its colour, the more often it fires. Of a draw of the prior: how the prior turns its numbers into rates.`,
      msg`Play, above, shows the spikes of one step after the other. The page Spikes shows the membrane of any neuron.`,
    ],
  },
  howRates: {
    title: msg`Rates`,
    text: [
      msg`The latent: one bar for each neuron, its spikes per step, 0 never and 1 always. Orange dots: where the bars were before they were moved.`,
      msg`The decoder depends on the image through these numbers alone. Explore moves them.`,
    ],
  },
  howNoise: {
    title: msg`Noise`,
    text: [
      msg`How one neuron's rate becomes spikes: one dot for each step, filled where the neuron fires.`,
      msg`New noise, above, draws other numbers; the page Spikes chooses the neuron, and whether spikes are random or even.`,
    ],
  },
  howSpikes: {
    title: msg`Spikes`,
    text: [
      msg`All latent spikes: one row for each neuron, one column for each step. Steps that Play has not reached are pale.`,
      msg`On the page Spikes every one of them can be set or removed.`,
    ],
  },
  howDecoder: {
    title: msg`Decoder`,
    text: [
      msg`What the decoder's layers do with the spikes: the squares are channels, which grow from layer to layer until they are as large as the picture. The stronger the colour, the more often a neuron fires.`,
      msg`Silent neurons cost nothing: the share that fires is the work to be done. Play, above, shows one step after the other.`,
    ],
  },
  howReadout: {
    title: msg`Readout`,
    text: [
      msg`How much each step weighs in the picture, and below it the picture after some of the steps.`,
      msg`The neurons of the readout never fire: they add up their inputs, and what they hold at the end is the picture.`,
    ],
  },
  howPicture: {
    title: msg`Picture`,
    text: [
      msg`What came out, and its mean squared error against the image, where there is one: 0 would be the same picture.`,
      msg`Compare it with the image in step 1. Explore changes the numbers that it is made from.`,
    ],
  },
  howLayers: {
    title: msg`Layers`,
    text: [
      msg`The layers in turn, a line each: channels × rows × columns of the numbers that the layer gives.`,
      msg`In a model without spikes every number is computed once. Models lists what each layer is.`,
    ],
  },
  howLatent: {
    title: msg`Latent`,
    text: [
      msg`All that the decoder gets: one dot for each number of the latent. Point at a dot to read it.`,
      msg`Explore moves these numbers; another example above has others.`,
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
      [msg`Enter, Space`, msg`press a button, picture or header`],
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
    msg`On a control or a slider`,
    [
      [msg`Arrow keys`, msg`more or less`],
      [msg`Home, End`, msg`lowest, highest value`],
      [msg`Backspace`, msg`a control: back to 0`],
    ],
  ],
  [
    msg`On the spikes in Spikes`,
    [
      [msg`Arrow keys`, msg`to the cell beside it`],
      [msg`Page Up, Page Down`, msg`eight neurons up, down`],
      [msg`Home, End`, msg`first, last time step`],
      [msg`Enter, Space`, msg`set the spike, or remove it`],
    ],
  ],
  [
    msg`On an anchor in Interpolate`,
    [
      [msg`Enter`, msg`replace it`],
      [msg`Shift+Left, Shift+Right`, msg`move it`],
    ],
  ],
  [msg`On the square in Interpolate`, [[msg`Arrow keys`, msg`move the ring by 1/32 of a side`]]],
  [
    msg`On the map`,
    [
      [msg`Arrow keys`, msg`to the next test image in that direction`],
      [msg`Enter`, msg`start from it`],
      [msg`Shift+arrow keys`, msg`move the map; in 3-D, turn it`],
      ["+, −, 0", msg`zoom in, zoom out, show all`],
      ["L", msg`draw a lasso`],
      [msg`Escape`, msg`drop the lasso and the selection`],
    ],
  ],
  [
    msg`On a sample in Generate`,
    [
      [msg`Enter, Space`, msg`make it the present picture`],
      [msg`Tab`, msg`to its pin, its dice, the next sample`],
    ],
  ],
  [
    msg`On a matrix in Dimensions`,
    [
      [msg`Arrow keys`, msg`to the cell beside it`],
      [msg`Home, End`, msg`first, last dimension`],
      [msg`Enter, Space`, msg`look at its dimension`],
      [msg`Escape`, msg`stop reading`],
    ],
  ],
  [msg`On a chart`, [[msg`Left, Right`, msg`read the value before, after`]]],
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
