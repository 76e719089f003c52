/** A recipe between tags: in XMP packets and in SVG files, as `esvae_core/explore/recipe_files.py` reads and writes it. */

export const NAMESPACE = "https://esvae.invalid/recipe/1";

export const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * An XMP packet that holds a recipe and nothing else.
 *
 * @param {string} recipe its text
 * @param {string} [pixels] in a file that has lost some: SHA-256 of all bytes of its frames as they were before
 */
export function xmp(recipe, pixels = "") {
  const checksum = pixels && `<esvae:pixels>${pixels}</esvae:pixels>`;
  return (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    `<rdf:Description xmlns:esvae="${NAMESPACE}"><esvae:recipe>${escaped(recipe)}</esvae:recipe>${checksum}` +
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
  );
}

/** The recipe's text between its tags, "" if there is none. */
export function betweenTags(text) {
  const found = /<esvae:recipe\b[^<>]*>([^<]*)<\/esvae:recipe>/.exec(text);
  const letters = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", apos: "'" };
  return found ? found[1].replace(/&(amp|lt|gt|quot|#39|apos);/g, (_, name) => letters[name]) : "";
}
