/** The one error that the engine raises on purpose: a code to act on, and a line to show. */

/**
 * @typedef {"not-a-bundle"|"truncated"|"version"|"content"|"damaged"|"input"|"memory"|"no-simd"|"wasm"} ErrorCode
 */

export class EngineError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message what was wrong, where, and what was expected
   */
  constructor(code, message) {
    super(message);
    this.name = "EngineError";
    this.code = code;
  }
}
