/**
 * Shapes and wiring of the network's layers; the twin of `esvae_core/engine/plan.py`, which explains them.
 */

/** @returns {Layer} */
function layer(name, kind, sideIn, sideOut, channelsIn, channelsOut, neuron) {
  const taps = { collect: sideIn ** 2, spread: sideOut ** 2 }[kind] ?? 9;
  return { name, kind, sideIn, sideOut, channelsIn, channelsOut, neuron, taps };
}

/** Image -> latent neurons. @param {EngineSettings|AnnSettings} m @returns {Layer[]} */
export function encoderLayers(m) {
  const { neuron, latentNeuron } = neuronsOf(m);
  const layers = [];
  let side = m.image_size;
  /** @type {number} */
  let width = m.image_channels;
  m.channels.forEach((out, i) => {
    layers.push(layer(`encoder.${i}`, "down", side, side / 2, width, out, neuron));
    [side, width] = [side / 2, out];
  });
  return [...layers, layer("to_latent", "collect", side, 1, width, m.latent_dim, latentNeuron)];
}

/** Latent -> picture; the last layer is the readout. @param {EngineSettings|AnnSettings} m @returns {Layer[]} */
export function decoderLayers(m) {
  const { neuron } = neuronsOf(m);
  const rising = [...m.channels].reverse();
  let side = m.image_size / 2 ** rising.length;
  const layers = [layer("from_latent", "spread", 1, side, m.latent_dim, rising[0], neuron)];
  rising.forEach((width, i) => {
    layers.push(layer(`decoder.${i}`, "up", side, 2 * side, width, rising[i + 1] ?? width, neuron));
    side *= 2;
  });
  return [...layers, layer("readout", "same", side, side, rising.at(-1), m.image_channels, null)];
}

/**
 * FSVAE's runs of three layers that offer candidates for its latent spikes; none of any other.
 * @param {EngineSettings} m
 * @returns {Record<string, Layer[]>}
 */
export function candidateLayers(m) {
  if (m.kind !== "fsvae") return {};
  const d = m.latent_dim;
  const run = (name, inputs) => {
    const candidates = /** @type {number} */ (m.candidates); // which every FSVAE has
    const widths = [inputs, 2 * d, 4 * d, candidates * d];
    return [0, 1, 2].map((i) => layer(`${name}.${i}`, "collect", 1, 1, widths[i], widths[i + 1], m.neuron));
  };
  return { posterior: run("posterior", 2 * d), prior: run("prior", d) };
}

/** Null each for a model without spikes. @param {EngineSettings|AnnSettings} m */
const neuronsOf = (m) =>
  "neuron" in m ? { neuron: m.neuron, latentNeuron: m.latent_neuron } : { neuron: null, latentNeuron: null };

/**
 * Name, shape and byte offset of every tensor in a bundle or in one part of it, and the bytes of them all.
 * @param {EngineSettings} m
 * @param {BundlePart} [part]
 */
export function tensorTable(m, part) {
  const candidates = Object.values(candidateLayers(m)).flat();
  const shapes = shapesOf([...encoderLayers(m), ...decoderLayers(m), ...candidates]);
  const [d, components] = [m.latent_dim, m.prior_components];
  if (m.learned_readout) shapes.push(["readout.leak", [m.time_steps]]);
  if (m.kind === "fsvae") return placed(shapes, part);
  shapes.push(["prior.weight", [d, d]], ["prior.bias", [d]]);
  if (components) {
    shapes.push(["fitted.weights", [components]], ["fitted.means", [components, d]]);
    shapes.push(["fitted.factors", [components, (d * (d + 1)) / 2]]);
  }
  return placed(shapes, part);
}

/** As `tensorTable`, of a model without spikes. @param {AnnSettings} m @param {BundlePart} [part] */
export function annTensorTable(m, part) {
  const [d, components] = [m.latent_dim, m.components ?? 1];
  /** @type {[string, number[]][]} */
  const prior = [
    ["prior.weights", [components]],
    ["prior.means", [components, d]],
    ["prior.factors", [components, (d * (d + 1)) / 2]],
  ];
  return placed(
    [
      ...shapesOf([...encoderLayers(m), ...decoderLayers(m)]),
      ["range.low", [d]],
      ["range.high", [d]],
      ...(m.kind === "pvae" ? [] : prior), // whose range says all of its prior
    ],
    part,
  );
}

/** @param {Layer[]} layers @returns {[string, number[]][]} */
const shapesOf = (layers) =>
  layers.flatMap((l) => {
    const byOutput = l.kind === "spread" ? [l.taps, l.channelsOut] : [l.channelsOut];
    /** @type {[string, number[]][]} */
    const shapes = [
      [`${l.name}.weight`, [l.channelsIn, l.taps, l.channelsOut]],
      [`${l.name}.bias`, byOutput],
    ];
    if (l.neuron?.learned_leak) shapes.push([`${l.name}.leak`, byOutput]);
    return shapes;
  });

/** The part that holds a tensor; the twin is `part_of` in `esvae_core/engine/bundle_parts.py`. @returns {BundlePart} */
function partOf(tensor) {
  const [layer] = tensor.split(".");
  if (["encoder", "to_latent", "posterior"].includes(layer)) return "encoder";
  return layer === "prior" || layer === "fitted" ? "prior" : "decoder";
}

/** @param {[string, number[]][]} shapes @param {BundlePart} [part] */
function placed(shapes, part) {
  let size = 0;
  const held = part ? shapes.filter(([name]) => partOf(name) === part) : shapes;
  const table = held.map(([name, shape]) => {
    const entry = { name, shape, offset: size };
    size += 16 * Math.ceil(shape.reduce((a, b) => a * b, 4) / 16);
    return entry;
  });
  return { table, size };
}

/** Input and output index along one axis that tap k (0 to 2) joins, by output: [input, k] pairs. */
function line(kind, sideIn, sideOut) {
  /** @type {[number, number][][]} */
  const inputs = Array.from({ length: sideOut }, () => []);
  const last = kind === "down" ? sideOut : sideIn;
  for (let k = 0; k < 3; k++) {
    for (let i = 0; i < last; i++) {
      const [source, target] = kind === "down" ? [2 * i - 1 + k, i] : [i, (kind === "up" ? 2 * i : i) - 1 + k];
      if (source >= 0 && source < sideIn && target >= 0 && target < sideOut) inputs[target].push([source, k]);
    }
  }
  return inputs;
}

/**
 * For each output position, the [input position, tap] pairs that it reads, by rising tap.
 * @param {Layer} l
 * @returns {number[][][]}
 */
export function receptiveFields(l) {
  if (l.kind === "collect") return [Array.from({ length: l.taps }, (_, q) => [q, q])];
  if (l.kind === "spread") return Array.from({ length: l.taps }, (_, p) => [[0, p]]);
  const lines = line(l.kind, l.sideIn, l.sideOut);
  return lines.flatMap((rows) =>
    lines.map((columns) => rows.flatMap(([y, ky]) => columns.map(([x, kx]) => [y * l.sideIn + x, 3 * ky + kx]))),
  );
}
