/** Which dimension the view is about. Does not touch the DOM. */

/**
 * The chosen dimension: what the link says, else the one that does most.
 * @param {Pick<Having<"atlas">, "store"|"entry"|"atlas">} session
 */
export function chosenOf({ store, entry, atlas }) {
  const said = Number(store.state.view.dim);
  if (store.state.view.dim !== undefined && Number.isInteger(said) && said >= 0 && said < entry.dims) return said;
  return atlas.effect.reduce((best, e, j) => (e > atlas.effect[best] ? j : best), 0);
}
