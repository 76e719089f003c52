/** A rule of ESLint: what `h` and `svg` put on the screen as words is a message, so that it can be translated. */

const READ = new Set(["title", "aria-label", "aria-valuetext", "placeholder", "alt"]);
const TYPED = new Set(["code", "kbd", "pre"]); // what is typed, or comes from a file, is the same in all languages
const WORD = /\p{Ll}{2,}/u; // and neither "CSV" nor "d"

/** @type {import("eslint").Rule.RuleModule} */
export default {
  meta: { messages: { words: "These words can be translated only as a message: msg`…`." }, schema: [] },
  create(context) {
    const text = (node) =>
      node.type === "TemplateLiteral" ? node.quasis.map(({ value }) => value.cooked).join(" ") : node.value;
    const look = (node) => {
      if (!node) return;
      if (node.type === "ConditionalExpression") [node.consequent, node.alternate].forEach(look);
      else if (node.type === "LogicalExpression") [node.left, node.right].forEach(look);
      else if (node.type === "ArrayExpression") node.elements.forEach(look);
      else if (["Literal", "TemplateLiteral"].includes(node.type) && WORD.test(text(node) ?? ""))
        context.report({ node, messageId: "words" });
    };
    return {
      CallExpression({ callee, arguments: [tag, properties, ...children] }) {
        if (callee.type !== "Identifier" || !["h", "svg"].includes(callee.name)) return;
        if (!TYPED.has(tag?.value)) children.forEach(look);
        for (const each of properties?.properties ?? [])
          if (each.type === "Property" && READ.has(each.key.name ?? each.key.value)) look(each.value);
      },
    };
  },
};
