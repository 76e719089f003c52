/** What a session, or another model, may lack. */

/**
 * Whether these are there: an atlas, attributes, an engine that this page can run, one of a model with spikes.
 * @template T
 * @template {keyof T} K
 * @param {T} model
 * @param {...K} names
 * @returns {model is Having<K, T>}
 */
export const has = (model, ...names) => names.every((name) => Boolean(model[name]));

/** Whether its test images have a map. @param {Session} session @returns {session is MappedSession} */
export const hasMap = (session) => Boolean(session.atlas?.arrays.map2);
