/** What is shown of the place on a path: the live decoder's picture, or that of the frame's own noise. */

/**
 * Tells its listeners what the live decoder tells, with a frame's spikes and their picture in place of the state's.
 * @param {Having<"engine">} session
 * @param {(state: State) => Decoded["spikes"]|null} spikesOf spikes of the frame that is at the state's rates; null: of none
 * @returns {Pick<LiveDecoder, "now"|"on"> & {dispose: () => void}}
 */
export function shownFrame({ live, engine }, spikesOf) {
  /** @type {Set<(now: Decoded) => void>} */
  const listeners = new Set();
  /** @type {Decoded|null} */
  let now = null;
  const stop = live.on((decoded) => {
    const spikes = spikesOf(decoded.state);
    const before = now && spikes && now.spikes.length === spikes.length ? now.spikes : null;
    now = spikes ? { ...decoded, spikes, before, image: engine.decode(spikes, decoded.state.steps).slice() } : decoded;
    for (const listener of listeners) listener(now);
  });
  return {
    get now() {
      return now;
    },
    on(listener) {
      listeners.add(listener);
      if (now) listener(now);
      return () => listeners.delete(listener);
    },
    dispose() {
      stop();
      listeners.clear();
    },
  };
}
