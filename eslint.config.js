import js from "@eslint/js";
import globals from "globals";

import wordsAreMessages from "./scripts/words_are_messages.js";

const unused = ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }];

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-unused-vars": unused,
      "no-control-regex": "off",
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["esvae_core/web/**/*.js"],
    rules: { "max-lines-per-function": ["error", { max: 90, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ["esvae_core/web/**/*.js"],
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
    plugins: { page: { rules: { "words-are-messages": wordsAreMessages } } },
    rules: { "page/words-are-messages": "error" },
  },
  { files: ["tests/**/*.mjs", "scripts/*", "*.js"], languageOptions: { globals: globals.nodeBuiltin } },
  { ignores: [".venv/", "node_modules/", "build/"] },
];
