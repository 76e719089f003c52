"""Modules joined to one do what they do apart."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from esvae_core.errors import InputError
from esvae_core.explore.joined_modules import WHOLE_LINES, joined
from esvae_core.front_end import FRONT_END

ROOT = Path(__file__).parents[2]
FILES = {path.relative_to(FRONT_END).as_posix(): path.read_text() for path in FRONT_END.rglob("*.js")}
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")

SMALL = {
    "entry.js": """\
import { a, b as c } from "./parts/a.js";
import * as all from './parts/a.js';
import "./told.js";
import {
  Held,
} from "./deep/er/held.js";
export { twice };
const twice = a * 2;
const text = `
import torch`;
// import "./not.js"
export const [WIDTH, HEIGHT] = [4, 5];
export async function later(name) {
  return (await import(`./views/${name}.js`)).shown;
}
export const seen = [a, c, all.b, twice, globalThis.told, new Held().place, text.length];
""",
    "parts/a.js": 'export const a = 1;\nexport function b() {\n  return "b";\n}\n',
    "told.js": "globalThis.told = (globalThis.told ?? 0) + 1;\n",
    "deep/er/held.js": """\
/** @type {import("../../told.js").X} */
import { a } from "../../parts/a.js";
export class Held {
  place = [a, new URL("./held.wasm", import.meta.url).href];
}
""",
    "views/one.js": 'import { a } from "../parts/a.js";\nimport "../told.js";\nexport const shown = a + 100;',
    "views/two.js": "throw new Error('nobody asked for it');\n",
}


def run(script, tmp_path):
    """What Node prints, as JSON."""
    (tmp_path / "run.mjs").write_text(script)
    done = subprocess.run(["node", tmp_path / "run.mjs"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_a_joined_module_does_what_its_parts_do(tmp_path):
    text = joined("entry.js", SMALL, ["views/one.js", "views/two.js"])
    (tmp_path / "joined.mjs").write_text(text)
    found = run(
        """
import * as all from "./joined.mjs";
const { seen, later, twice, WIDTH, HEIGHT } = all;
const gone = await later("toString").catch((error) => error.message);
const place = seen[5][1].endsWith("/deep/er/held.wasm");
console.log(JSON.stringify({ names: Object.keys(all), seen: [...seen.slice(0, 5).map(String), seen[6]], place,
  shown: await later("one"), told: globalThis.told, gone, twice, WIDTH, HEIGHT }));
""",
        tmp_path,
    )
    assert sorted(found["names"]) == ["HEIGHT", "WIDTH", "later", "seen", "twice"]
    assert found["seen"][0] == "1"
    assert found["seen"][1] == found["seen"][2]
    assert found["seen"][3:] == ["2", "1", len("\nimport torch")]
    assert found["place"]
    assert (found["shown"], found["told"]) == (101, 1), "each runs once, and only when it is needed"
    assert found["gone"] == "views/toString.js: there is no such module"
    assert (found["twice"], found["WIDTH"], found["HEIGHT"]) == (2, 4, 5)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('import "./b.js";', "a.js: imports b.js, which is not there"),
        ('import { a } from "./a.js";', "a.js: imports itself in a circle, a.js -> a.js"),
        ('export const load = () => import("./b.js");', "a.js: cannot be joined: 'import"),
        ("export default 1;", "a.js: cannot be joined: 'export default"),
        ("export let x = 1;", "a.js: cannot be joined: 'export let"),
        ('export * from "./b.js";', "a.js: cannot be joined: 'export"),
        ('export { b } from "./b.js";', "a.js: cannot be joined: 'export"),
        ("const b = 1;\nexport { b as c };", "a.js: cannot be joined: it exports under another name"),
        ('import b from "./b.js";', "a.js: cannot be joined: 'import b"),
    ],
)
def test_what_cannot_be_joined_is_named(source, words):
    with pytest.raises(InputError) as error:
        joined("a.js", {"a.js": source})
    assert str(error.value).startswith(words)


@needs_node
def test_every_module_of_the_front_end_exports_the_same_when_it_is_joined(tmp_path):
    own = {"engine/worker.js", "notebook_widget.js"}  # begins to listen; stands alone, as anywidget takes it
    entries = sorted(FILES.keys() - own)
    for i, name in enumerate(entries):
        (tmp_path / f"{i}.mjs").write_text(joined(name, FILES))
    different = run(
        f"""
globalThis.matchMedia = () => ({{}}); // asked for by a view as it is loaded
const [folder, names] = {json.dumps([FRONT_END.as_uri(), entries])};
const different = [];
for (const [i, name] of names.entries()) {{
  const [apart, whole] = await Promise.all([import(`${{folder}}/${{name}}`), import(`./${{i}}.mjs`)]);
  if (Object.keys(apart).join() !== Object.keys(whole).join()) different.push(name);
}}
console.log(JSON.stringify(different));
""",
        tmp_path,
    )
    assert different == []


def test_only_what_is_imported_comes_along():
    text = joined("standalone.js", FILES, ["views/explore.js"])
    assert '"views/explore.js"() {' in text
    assert '"views/how.js"' not in text


@needs_node
@pytest.mark.skipif(not (ROOT / "node_modules/espree").exists(), reason="needs `npm ci`")
def test_nothing_but_comments_is_left_out(tmp_path):
    """The same tokens, though without what has lines to itself and looks like a comment."""
    names = sorted(name for name, text in FILES.items() if WHOLE_LINES.search(text))
    assert len(names) > 100
    for i, name in enumerate(names):
        (tmp_path / f"{i}.txt").write_text(WHOLE_LINES.sub("", FILES[name]))
    different = run(
        f"""
import {{ readFileSync }} from "node:fs";
import {{ createRequire }} from "node:module";
const {{ tokenize }} = createRequire({json.dumps(str(ROOT / "package.json"))})("espree");
const tokens = (path) =>
  tokenize(readFileSync(path, "utf8"), {{ ecmaVersion: "latest", sourceType: "module" }}).map(({{ value }}) => value);
const [front, folder, names] = {json.dumps([str(FRONT_END), str(tmp_path), names])};
const same = (name, i) => tokens(`${{front}}/${{name}}`).join("\\0") === tokens(`${{folder}}/${{i}}.txt`).join("\\0");
console.log(JSON.stringify(names.filter((name, i) => !same(name, i))));
""",
        tmp_path,
    )
    assert different == []
