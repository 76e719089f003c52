/**
 * What the parts of the page share, for the type checker and for readers; nothing here is loaded by a browser.
 * All names are global, so that modules use them without an import.
 */

type Session = import("./session.js").Session;
/** A session, or another model, that has these, which others may lack; one with spikes has its T, too. */
type Having<K extends keyof T, T = Session> = T & { [P in K]: NonNullable<T[P]> } & ("spikingEngine" extends K
    ? { entry: { steps: number } }
    : unknown);
type MappedSession = Session & { atlas: MappedAtlas };
type Store = import("./state/store.js").Store;
type LiveDecoder = import("./live_decoder.js").LiveDecoder;
type DecoderTrace = import("./decoder_trace.js").DecoderTrace;
type Engine = import("./engine/engine.js").Engine;
type AnnEngine = import("./engine/ann.js").AnnEngine;
type Pool = import("./engine/pool.js").Pool;
type Chosen = import("./parts/shared/chosen.js").Chosen;
type Playback = import("./parts/explore/playback.js").Playback;
type MapModel = import("./parts/map/map_model.js").MapModel;

type Sampler = "bernoulli" | "systematic";

type DamageKind = "flip" | "delete" | "jitter" | "shuffle";

/** What is done to spikes, and how much of it in hundredths: `esvae_core/engine/damage.py`. */
interface Damage {
  kind: DamageKind;
  amount: number;
}

// ---- what is on the screen ---------------------------------------------------------------------------------------

/**
 * Where rates come from: a test image, a draw of the prior, or a picture of the visitor's own, of which the rates are
 * kept.
 */
type Source =
  | { kind: "test"; index: number }
  | { kind: "prior"; seed: number }
  | { kind: "own"; rates: Uint16Array<ArrayBufferLike> };

/** What is on the screen, and what a link keeps; never changed in place. */
interface State {
  /** Name of the model. */
  model: string;
  source: Source;
  /** (d) in units of 1/46080. */
  rates: Uint16Array;
  /** Of the noise, 0 to 2^31 - 1. */
  seed: number;
  sampler: Sampler;
  /** T, 1 to 64. */
  steps: number;
  order: "effect" | "usage" | "index";
  /** Small things that single views keep, by name. */
  view: Record<string, string>;
}

/** A picture that the visitor saved. */
interface SavedPicture {
  /** As `encodeState` writes it. */
  link: string;
  name: string;
  /** A small PNG, as a data: address. */
  picture: string;
}

/** A line for the visitor. */
interface Message {
  text: string;
  kind: "info" | "warning";
}

/** What makes pictures again; a twin of `esvae_core/explore/recipe.py`, which tells its fields. */
interface Recipe {
  /** 4 if there is `damage`, else 3 if there is `upto`, else 2 if there are `flips`, else 1. */
  version: 1 | 2 | 3 | 4;
  kind: "picture" | "grid" | "strip" | "film";
  checkpoint: { name: string; sha256: string };
  sampler: Sampler;
  /** T. */
  steps: number;
  /** d. */
  dims: number;
  /** Of all pictures, (count, d) in units of 1/46080; 16 bits each, base64. */
  rates: string;
  /** Of the noise: one for each picture, or one for all. */
  seeds: number[];
  /** Picture, step and neuron of each spike that was edited by hand, in ascending order. */
  flips?: [number, number, number][];
  /** Steps after which each picture is seen, or all of them. */
  upto?: number[];
  /** Done to the spikes that the noise has drawn, before any is edited by hand. */
  damage?: Damage;
  layout: RecipeLayout;
  /** Of the software that made it. */
  versions: Record<string, string>;
}

interface RecipeLayout {
  columns: number;
  gap: number;
  scale: number;
  captions: string[];
  frame_ms: number;
}

/**
 * What the numbers of a model's latent are: firing rates, or those of a latent without spikes. The state keeps each as
 * a
 * height from 0 to 1: the rate, or the place of a number in its range.
 */
interface Latent {
  /** Whether a number is a rate of spikes per step, drawn step by step and decoded by spiking neurons. */
  spiking: boolean;
  /** Whether noise draws spikes from it, so that a seed and T mean something. */
  sampled: boolean;
  /** Whether what is drawn are Poisson counts. */
  counts: boolean;
  /** Whether the model itself makes spikes step by step, each from those before: an FSVAE. Its rates are counts over T. */
  stepwise: boolean;
  /** T that a first visit has, where the model says none. */
  steps: number;
  /** In which equal steps are equal to the sampling noise: arcsin(sqrt(rate)), or the heights themselves. */
  coordinates: "arcsine" | "plain";
  /** What all bars together show; their heading, and what a bar's height is. */
  title: string;
  heading: [string, string];
  /** The marks beside a bar from the top. */
  marks: [string, string, string];
  /** What its lowest and highest value are called, and the digits that they need. */
  ends: [string, string];
  axisDigits: number;
  /** What has one of the numbers. */
  carrier: string;
  /** What one number is called, several, and all of them together. */
  name: string;
  names: string;
  whole: string;
  /** What one is called in a sentence, all of them in a title, and after their number. */
  single: string;
  all: string;
  brief: string;
  /** What an average of one is called, and those of several. */
  mean: string;
  means: string;
  /** What files call all of them. */
  key: "rates" | "latent";
  /** What a height of dimension j means. */
  value(j: number, height: number): number;
  /** The model's own number, as files keep it: of counts, the logarithm of their rate. */
  number(j: number, height: number): number;
  /** The value as text. */
  text(j: number, height: number, digits?: number): string;
  /** What a difference of heights means, as text. */
  size(j: number, share: number): string;
  /** A distance between heights, root mean square, as text. */
  apart(distance: number): string;
  /** How many spikes a height leads one to expect in T steps, as text; "" where it is no share of the steps. */
  expected(height: number, steps: number): string;
  /** Where a height lies on the bars' scale, as text; "" where the scale is that of the value. */
  place(height: number): string;
  /** The height that says nothing, and what it is called: of one number, and after "All others". */
  rest: number;
  atRest: { one: string; others: string };
  /** Ways between two latents, the usual one first; `math/interpolation.js` has them all. */
  paths: string[];
  /** What the prior gives, at the beginning of a sentence. */
  drawn: string;
  /** A distance between heights and the space that it is in, as text. */
  within(distance: number): string;
  /** A height as a few letters below a picture. */
  caption(j: number, height: number): string;
  /** What a newcomer looks at, in two sentences. @param pull what to drag, at the beginning of a sentence */
  introduction(pull: string): string;
}

// ---- models ------------------------------------------------------------------------------------------------------

/** A measured figure of a model. */
interface Metric {
  name: string;
  value: number;
  protocol: string;
}

/** What training cost. */
interface Training {
  epochs: number;
  seconds: number;
  /** 0 where it is not known. */
  cpu_seconds: number;
  device: string;
}

/** What a checkpoint's header says, for its card; where its model cannot be opened, also the curve of its training. */
interface ModelCardData {
  metrics: Metric[];
  settings: Record<string, unknown> & { model?: EngineSettings };
  source: string;
  created: string;
  curve?: { epoch: number; validation_mse: number; mse?: number }[];
}

/** A checkpoint in the list of all of them; `app/catalogue.py` writes it. */
interface ModelListing {
  name: string;
  /** Why it cannot be used, in one line; "" if it can. */
  problem: string;
  /** Whether `esvae app` was given it. */
  given?: boolean;
  /** When a visit without a link tries to open it, from 0; null if it cannot be used. */
  turn?: number | null;
  /** Kind of network; missing of files that cannot be read, as is all below. */
  kind?: string;
  /** Latent dimensions. */
  dims?: number;
  /** T that it was trained with; null of a model without spikes. */
  steps?: number | null;
  /** How its rates become spikes; null without spikes. */
  sampler?: Sampler | null;
  /** Pixels along a side. */
  size?: number;
  channels?: 1 | 2 | 3;
  /** Whether it takes and gives recordings, a frame at each step. */
  frames?: boolean;
  /** Of a model that cannot be opened: the part of it that the explorer does not have, "" if it has all. */
  lacking?: string;
  dataset?: string;
  /** Names of what its first latent neurons were taught to stand for. */
  taught?: string[];
  /** The unit of each of these, "" without one. */
  taughtUnits?: string[];
  /** Of each its values at evenly spaced rates from 0 to 1; empty where the file does not say. */
  taughtLevels?: number[][];
  /** Whether an atlas lies beside it. */
  atlas?: boolean;
  figures?: Metric[];
  budget?: Training | null;
  card?: ModelCardData;
}

/** One of recordings. */
type RecordingListing = ModelListing & { dims: number; steps: number; size: number };

/** A checkpoint that is opened. */
interface ModelEntry extends ModelListing {
  kind: string;
  dims: number;
  steps: number | null;
  size: number;
  channels: 1 | 3;
  dataset: string;
  /** SHA-256 of the bundle, hex. */
  hash: string;
  /** What it was before its prior was fitted, by which older recipes know it; "" if there was none. */
  earlier?: string;
  /** Changes when the atlas is built anew. */
  atlasVersion?: string;
  atlasProblem?: string;
  /** Version of its controls; "" if it has none. */
  controls?: string;
  controlsProblem?: string;
  /** Lessons that lie beside it. */
  lessons?: Lesson[];
  /** Why there are none although there is a file; "" otherwise. */
  lessonsProblem?: string;
  /** Whether the test images are on the server's disk. */
  originals: boolean;
  /** Of the file, as one would type it. */
  path?: string;
  /**
   * Of the latent of a model without spikes: name of its numbers, their ranges, and the ranges' width in deviations.
   */
  latent?: { name: string; low: number[]; high: number[]; span: number; counts?: boolean } | null;
  /** Of the software that serves it. */
  versions?: Record<string, string>;
}

/** How a layer's neurons fire. */
interface Neuron {
  /** What a membrane keeps from one step to the next. */
  leak: number;
  learned_leak?: boolean;
  threshold: number;
  reset: "hard" | "soft";
}

/** Settings of a spiking model, as its bundle has them. */
interface EngineSettings {
  kind?: "esvae" | "fsvae";
  image_channels: 1 | 3;
  image_size: number;
  channels: number[];
  latent_dim: number;
  time_steps: number;
  neuron: Neuron;
  latent_neuron: Neuron;
  sampler: Sampler;
  readout_decay: number;
  learned_readout?: boolean;
  /** Gaussians of the fitted prior; 0: there is none. */
  prior_components: number;
  /** Whether the fitted prior's rates are rounded to counts of T steps. */
  prior_snap: boolean;
  /** Of FSVAE: candidate spikes for each latent neuron and step. */
  candidates?: number;
}

/** Settings of a model without spikes. */
interface AnnSettings {
  kind: "annvae" | "pvae" | "ae";
  image_channels: 1 | 3;
  image_size: number;
  channels: number[];
  latent_dim: number;
  components?: number;
  /** Poisson VAE: how far a log-rate may be from the prior's. */
  residual_bound?: number;
}

/** A layer of either half. */
interface Layer {
  name: string;
  kind: "down" | "up" | "same" | "collect" | "spread";
  sideIn: number;
  sideOut: number;
  channelsIn: number;
  channelsOut: number;
  /** Null of the readout, and of a model without spikes. */
  neuron: Neuron | null;
  /** Weights between an input and an output channel. */
  taps: number;
}

/** A layer whose neurons spike. */
type SpikingLayer = Layer & { neuron: Neuron };

/** What makes pictures of rates, what makes rates of pictures, and what new rates are drawn from. */
type BundlePart = "decoder" | "encoder" | "prior";
/** Hears of a download how many bytes are there, and how many there will be. */
type Told = (there: number, size: number) => void;

/** An engine bundle or a part of one, checked; `esvae_core/engine/bundle.py` tells the layout. */
interface Bundle<Settings = EngineSettings | AnnSettings> {
  model: Settings;
  /** Of all parts, or of the one that it is. */
  tensors: Record<string, Float32Array>;
  /** SHA-256 of the whole bundle, hex. */
  hash: string;
}

/** A model that is opened. */
interface OpenedModel {
  entry: ModelEntry;
  /** Null where this browser cannot run it. */
  engine: Engine | AnnEngine | null;
  atlas: Atlas | null;
  controls: Control[];
  measured: Measured | null;
  latent: Latent;
}

/** A recipe that was read from a file, and the name here of the model that made it. */
interface OpenedRecipe {
  recipe: Recipe;
  model: string;
}

// ---- arrays and atlas --------------------------------------------------------------------------------------------

/** Named arrays of a binary answer, with their shape. */
type NamedArrays = Record<string, { shape: number[]; values: Uint8Array | Uint16Array | Uint32Array | Float32Array }>;

interface ByteArray {
  shape: number[];
  values: Uint8Array;
}

/** A map of test images: how it was made, and how far to trust it. */
interface MapAbout {
  neighbors: number;
  min_dist: number;
  metric: string;
  /** Trustworthiness in the plane and in space, 0 to 1. */
  trust2: number;
  trust3: number;
}

interface MapArrays {
  map2: { shape: number[]; values: Float32Array };
  map3: { shape: number[]; values: Float32Array };
  trust2: ByteArray;
  trust3: ByteArray;
}

/** Arrays of an atlas: N test images, d dimensions. */
interface AtlasArrays extends Partial<MapArrays> {
  /** (N, d) spikes in the atlas' T steps. */
  counts: { shape: number[]; values: Uint8Array | Uint16Array };
  labels: { shape: number[]; values: Uint16Array };
  indices: { shape: number[]; values: Uint32Array };
  tilePositions: { shape: number[]; values: Uint32Array };
  tiles: ByteArray;
  effect: { shape: number[]; values: Float32Array };
  errors?: { shape: number[]; values: Float32Array };
}

/** What an atlas says in JSON. */
interface AtlasAbout {
  dataset: string;
  /** T under which the counts were made. */
  steps: number;
  classNames: string[];
  map?: MapAbout;
}

/** Rates of a model's test images; `atlasOf` in session.js makes it of the server's arrays. */
interface Atlas extends AtlasAbout {
  /** N. */
  count: number;
  /** d. */
  dims: number;
  counts: Uint8Array | Uint16Array;
  labels: Uint16Array;
  /** Number of each row's image in the test split. */
  indices: Uint32Array;
  /** Rows that have a picture among `tiles`. */
  tilePositions: Uint32Array;
  tiles: ByteArray;
  /** (d) mean change of the picture across the data's range. */
  effect: Float32Array;
  arrays: AtlasArrays;
  /** Colour of its images' ground, 0 to 255; null where they have none in common. */
  ground(): number[] | null;
  rowOf(index: number): number;
  rates(row: number): Uint16Array;
  label(row: number): string;
  range(): { low: Float32Array; high: Float32Array };
  usage(): Float32Array;
  ownDistances(): Float64Array;
}

/** An atlas that has a map. */
interface MappedAtlas extends Atlas {
  arrays: AtlasArrays & MapArrays;
  map: MapAbout;
}

/** What the dimensions of a model are used for; `app/catalogue.py` says what each means. */
type DimensionFacts = DimensionUse & (NoiseFacts | { moved?: undefined; redrawn?: undefined; clear?: undefined });

/** What dimensions do beside the noise. */
interface NoiseFacts {
  moved: number[];
  redrawn: number[];
  clear: boolean[];
}

interface DimensionUse {
  states: ("active" | "dead" | "saturated")[];
  stuckShare: number;
  mean: number[];
  deviation: number[];
  bits: number[];
  effect: number[];
  /** (d, bins) share of the images in each. */
  histogram: number[][];
  /** By class; null of a class without images. */
  classMeans: (number[] | null)[];
  classShare: number[];
  /** (classes, d). */
  correlation: number[][];
}

/** What changed in a map. */
type MapChange = "layout" | "kept" | "selection" | "filter" | "lasso" | "faded";

/** What the pointer and the keys do on the map, and where the present rates are. */
interface MapPointer {
  /** A row under the pointer, or a place between rows. */
  hover: { row: number; x?: undefined; y?: undefined } | { row?: undefined; x: number; y: number } | null;
  /** Row that the keys are at; -1: none. */
  key: number;
  /** Corners of the lasso while it is drawn. */
  lasso: [number, number][] | null;
  /** Where the present rates were. */
  trail: { place: number[]; axes: number }[];
  /** Where they are. */
  cursor: number[] | null;
  /** Rows near them. */
  near: number[];
  /** Row of the source; -1: it is none of them. */
  source: number;
  /** Where the chosen control leads. */
  path: ControlPath | null;
}

/** The way of a control on the map. */
interface ControlPath {
  /** In map units. */
  places: number[][];
  /** Where whole amounts are, without 0. */
  marks: number[][];
  /** What is asked at either end. */
  ends: [string, string];
}

/** Numbers that colour the points, and the range that the colours cover. */
interface MapScale {
  /** NaN where undefined. */
  values: Float32Array;
  name: string;
  digits: number;
  unit?: string;
  /** Of a number that starts again after it. */
  period?: number;
  /** Of a category. */
  words?: string[];
  /** What a row says. */
  text?(row: number): string;
  low: number;
  high: number;
}

// ---- controls ----------------------------------------------------------------------------------------------------

/** How well pictures follow a control; `esvae_core/controls/directions.py` tells the fields. */
interface ControlEvidence {
  split: string;
  images: number;
  reading: number;
  noise: number | null;
  responses: {
    asked: number;
    got: number;
    deviation: number;
    side: string;
    side_effect: number;
    class_kept: number | null;
    distance: number;
  }[];
}

/** What a control says of itself. */
interface ControlWords {
  name: string;
  source: "attribute" | "category" | "component" | "hand";
  attribute: string;
  unit: string;
  /** How much of the unit an amount of 1 asks for. */
  size: number;
  steerable: boolean;
  /** Why it is not. */
  why: string;
  /** Lowest and highest amount of which at least half is given. */
  reach: [number, number];
  evidence: ControlEvidence[];
}

interface ControlsAbout {
  coordinates: "plain" | "arcsine";
  /** Amounts at which the gain is given. */
  knots: number[];
  /** In which a control goes its way. */
  steps: number;
  /** `two_sides`: whether it has a field of its own for negative amounts. */
  controls: (ControlWords & { two_sides: boolean })[];
  /** Missing of files of version 1. */
  measured?: { dataset: string; trainImages: number; attributes: MeasuredAttribute[] };
}

/** What moves rates: the field shift + (x - middle) left right, in equal steps. */
interface ControlField {
  middle: ArrayLike<number>;
  shift: ArrayLike<number>;
  /** (d, rank) and (rank, d). */
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  rank: number;
  arcsine: boolean;
  steps: number;
}

interface Control extends ControlWords {
  /** Of one that the visitor made: (d) the whole way. */
  step?: Float64Array;
  /** Rates on the grid, moved by an amount. */
  apply(rates: Uint16Array, amount: number): Uint16Array;
  /** How far rates on the grid lie along its direction, on a scale of the control's own. */
  lies(rates: Uint16Array): number;
}

/** A control that the visitor made. */
type OwnControl = Control & { step: Float64Array };

/** What test images are ordered by: their number of one latent dimension, or where they lie along a control. */
interface ImageScores {
  name: string;
  /** Differs where the scores do. */
  key: string;
  /** One for each row of the atlas. */
  values: Float64Array;
  /** Ends of the histogram. */
  range: [number, number];
  /** What the histogram is of, in words. */
  title: string;
  /** A row's score in words. */
  text(row: number): string;
}

/** What can be said of an image; `esvae_core/controls/measured.py` tells the fields. */
interface MeasuredAttribute {
  name: string;
  unit: string;
  kind: "number" | "circular" | "category";
  how: string;
  undefined: string;
  /** Of a circular attribute. */
  period: number;
  categories: string[];
}

/** Attributes of images beside a model's latent. */
interface Measured {
  trainImages: number;
  attributes: MeasuredAttribute[];
  /** (K)(d) of each attribute with each number of the latent. */
  correlation: ArrayLike<number>[];
  /** An attribute of each row of the atlas, NaN where undefined; null where nothing is known of these images. */
  column(name: string): { attribute: MeasuredAttribute; values: Float32Array } | null;
}

// ---- where models come from --------------------------------------------------------------------------------------

/**
 * Where the page gets models from: the server (backend.js), or the file that holds the page (standalone.js). What a
 * backend cannot do, it does not have; views ask for the method before they offer it.
 */
interface Backend {
  /** engine.wasm: its address or its bytes. */
  wasm: URL | ArrayBuffer;
  /** How workers are started; a Worker for each spare core unless given. */
  pool?: { size?: number; spawn?: () => WorkerLike };
  /** A link to begin with where the address has none. */
  link?: string;
  /** Whether what is on the screen can be put into the address bar. */
  addressable: boolean;
  models(): Promise<ModelListing[]>;
  model(name: string): Promise<ModelEntry>;
  /** Have a checkpoint of the visitor's among the models. */
  open?(file: Blob): Promise<ModelListing>;
  /** (n, H, W, C) bytes of a few pictures of a model. */
  thumbnails?(name: string): Promise<ByteArray>;
  /** A part of a model's bundle, or all of it; `told` hears how much of it is there. */
  bundle(hash: string, part: BundlePart, told?: Told): Promise<ArrayBuffer>;
  atlas(hash: string, version?: string, told?: Told): Promise<{ about: AtlasAbout; arrays: AtlasArrays }>;
  controls(hash: string, version: string): Promise<{ about: ControlsAbout; arrays: NamedArrays }>;
  /** (N, H, W, C) bytes of the atlas' test images. */
  originals?(hash: string): Promise<ByteArray>;
  /** New recordings of a model of such, which the page does not decode, and their latent spikes. */
  recordings?(name: string, seed: number, count: number): Promise<NamedArrays>;
  /** Test recordings of such a model as `originals`, and what it makes of them. */
  reconstructions?(name: string, seed: number, count: number): Promise<NamedArrays>;
  /** One of them, of other rates (d) under the same noise. */
  recording?(name: string, seed: number, rates: Uint16Array): Promise<NamedArrays>;
  dimensions?(hash: string, version?: string): Promise<DimensionFacts>;
  /** Spikes (T, d) and picture (H, W, C) of a state, where the page has no engine. */
  decode?(state: State): Promise<{ spikes: ByteArray; pixels: ByteArray }>;
  /** Views that `page` can make a file of. */
  pages?: string[];
  /** A page in one file, as HTML. */
  page?(hash: string, view: string, state: State): Promise<string>;
  maps?: MapService;
}

/** Draws maps with other settings, in the background. */
interface MapService {
  begin(hash: string, settings: Record<string, string>): Promise<MapJob>;
  state(key: string): Promise<MapJob>;
  cancel(key: string): Promise<unknown>;
  data(key: string): Promise<{ about: { map: MapAbout }; arrays: MapArrays }>;
}

interface MapJob {
  key: string;
  state: "running" | "done" | "failed" | "cancelled";
  /** 0 to 1. */
  progress: number;
}

/** engine.wasm: its bytes, itself, or its address. */
type WasmSource = BufferSource | WebAssembly.Module | URL | string;

/** What the pool needs of a Worker. */
interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage?: ((event: MessageEvent) => void) | null;
  onerror?: ((event: ErrorEvent) => void) | null;
}

// ---- what is drawn -----------------------------------------------------------------------------------------------

/** What the live decoder made of a state. */
interface Decoded {
  state: State;
  /** (d) in [0, 1]. */
  rates: Float32Array;
  /** (T, d) as the noise drew them; of a model without spikes, here and below, (d) heights. */
  drawn: Uint8Array | Float32Array;
  /** Cells t * d + j that are edited by hand. */
  flips: Set<number>;
  /** Done to the spikes before any is turned; null: none. */
  damage: Damage | null;
  /** (T, d) under damage and edits. */
  spikes: Uint8Array | Float32Array;
  /** (C, H, W) in [-1, 1]. */
  image: Float32Array;
  /** Spikes when the gesture began; null where there were none of the same shape. */
  before: Uint8Array | Float32Array | null;
  /** Milliseconds to compute. */
  ms: number;
  /** Milliseconds from the pointer's event to the end of drawing; 0 if there was none. */
  latency: number;
}

/** What some layer did: (T, C, side, side) or (T, features) each; membranes before the reset. */
interface LayerActivity {
  shape: number[];
  spikes: Uint8Array;
  membranes: Float32Array;
}

/** A decoded state with what happened on the way. */
interface Traced extends Omit<Decoded, "before" | "latency"> {
  drawn: Uint8Array;
  spikes: Uint8Array;
  /** Picture of the spikes as drawn, without damage and edits. */
  plain: Float32Array;
  /** (T, C, H, W): the picture after each step; null without an engine. */
  images: Float32Array | null;
  layers: Record<string, LayerActivity>;
  /** Steps that are shown, 1 to T. */
  upto: number;
}

/** A prepared state, and what to do with it. */
interface Lesson {
  /** What its state's view calls it. */
  id: string;
  title: string;
  /** Two sentences. */
  text: string;
  /** As `encodeState` writes it. */
  link: string;
}

/** What Explore shows of the steps: how many have arrived, and the picture after them. */
interface Played {
  state: State;
  /** 1 to T. */
  upto: number;
  image: Float32Array;
}

/** What a player plays: steps of which the first are shown. */
interface Timeline {
  now: { upto: number; state: Pick<State, "steps"> } | null;
  on(listener: (now: { upto: number; state: Pick<State, "steps"> }) => void): () => void;
  /** Show the first steps, 1 to T; the gesture goes on. */
  show(upto: number): void;
  /** The gesture is over. */
  settle(label: string): void;
}

/** What charts draw with: a canvas' context, or a `Recorder` that writes shapes down. */
type DrawingContext = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "strokeStyle"
  | "globalAlpha"
  | "lineWidth"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "lineJoin"
  | "clearRect"
  | "setLineDash"
  | "fillRect"
  | "strokeRect"
  | "fillText"
  | "strokeText"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "closePath"
  | "arc"
  | "fill"
  | "stroke"
> & {
  measureText(text: string): { width: number };
  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void;
  imageSmoothingEnabled?: boolean;
};

/** Where and how large a drawing is. */
interface Surface {
  context: DrawingContext;
  width: number;
  height: number;
}

/** The module of a view. */
interface View {
  /** Style sheets that only this view needs. */
  styles?: string[];
  /** Builds it in `root`; gives what takes it away again. */
  mount(root: HTMLElement, session: Session, data?: { view: string }): (() => void) | void;
}

/** What `chart` draws. */
interface ChartDescription {
  x: ChartAxis;
  y: ChartAxis;
  /** Those that are null are left out. */
  marks: (ChartMark | null)[];
  /** What a screen reader says, with the numbers. */
  words: string;
  /** A line below. */
  note?: string;
}

/** A chart as it is drawn: without marks that are null. */
interface DrawnChart extends ChartDescription {
  marks: ChartMark[];
}

interface ChartAxis {
  label: string;
  from: number;
  to: number;
  /** Whether ticks are whole numbers. */
  whole?: boolean;
  /** A number as text. */
  name?: (value: number) => string | undefined;
}

interface ChartMark {
  kind: "bars" | "line" | "dots" | "band" | "region";
  tone: "ink" | "now" | "was" | "quiet";
  name?: string;
  /** [x, y] each; of a band [x, low, high] each; of a region [from, to] of x. */
  values: any[];
  dashed?: boolean;
  hollow?: boolean;
  /** Radius of dots, in pixels. */
  size?: number;
  /** Of a bar, in units of x. */
  width?: number;
  /** Words of each dot. */
  titles?: string[];
}

/** Colours of the style sheet. */
type Palette = Record<"ink" | "now" | "was" | "quiet" | "ground" | "line", string>;

/** What an element may hold. */
type Child = Node | string | number | boolean | null | undefined | Child[];

/** A part of a view: an element that, where it listens to anything, stops when it is disposed of. */
interface HTMLElement {
  dispose?: () => void;
}

interface HTMLCanvasElement {
  /** Draws its content anew, for a file. */
  vector?: (context: DrawingContext, width: number, height: number) => void;
}
