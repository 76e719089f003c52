"""Modules of the front end made into one file; the file in a browser is tested in tests/app/test_page.py."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest

from esvae_core import checkpoint
from esvae_core.errors import InputError
from esvae_core.explore import page
from esvae_core.explore.atlas import build
from esvae_core.front_end import FRONT_END


def test_relative_imports_become_names_of_the_map():
    source = """\
import { a } from "./a.js";
import * as b from '../math/b.js';
import "../c.js";
import {
  d,
  e as f,
} from "./deep/d.js";
export { g } from "./a.js";
const from = "./not/this.js"; // nor from "./that.js"
const lazy = () => load(`./views/${name}.js`);
"""
    text, wanted = page.renamed(source, "parts/x.js")
    assert wanted == ["parts/a.js", "math/b.js", "c.js", "parts/deep/d.js", "parts/a.js"]
    changed = {"./a": "parts/a", "../math/b": "math/b", "../c": "c", "./deep/d": "parts/deep/d"}
    for before, after in changed.items():
        source = source.replace(f"{before}.js", f"esvae/{after}.js")
    assert text == source


def test_all_that_is_imported_comes_along_and_nothing_else():
    files = {
        "page.js": 'import { a } from "./parts/a.js";',
        "parts/a.js": '/** @type {import("../other.js").X} */\nexport { b } from "../b.js";',
        "b.js": 'import { a } from "./parts/a.js";',  # a circle
        "other.js": "",
    }
    assert sorted(page.inlined(["page.js"], files)) == ["b.js", "page.js", "parts/a.js"]


@pytest.mark.parametrize(
    ("source", "words"),
    [('import "./b.js";', "a.js: imports b.js"), ('export const load = () => import("./b.js");', "while it runs")],
)
def test_what_cannot_come_along_is_named(source, words):
    with pytest.raises(InputError, match=words):
        page.inlined(["a.js"], {"a.js": source})


def test_every_module_of_the_front_end_has_only_imports_that_are_found():
    files = {f.relative_to(FRONT_END).as_posix(): f.read_text() for f in FRONT_END.rglob("*.js")}
    for name, text in files.items():
        left = page.renamed(text, name)[0]
        assert not page._STATIC.search(left)
        assert ' from "./' not in left, name
        assert ' from "../' not in left, name
    assert len(page.inlined(["standalone.js", "views/explore.js"], files)) > 20


def test_names_cannot_end_the_script(model):
    held = checkpoint.Checkpoint(model, checkpoint.Header(name="x", model=model.config))
    text = page.page(held, "</script><b>", path="</script>", atlas=None)
    assert text.count("</script>") == 3
    assert "<title>&lt;/script&gt;&lt;b&gt;: ESVAE explorer</title>" in text


def test_an_atlas_of_other_weights_is_refused(model, tiny, images):
    held = checkpoint.Checkpoint(tiny, checkpoint.Header(name="x", model=tiny.config))
    with pytest.raises(InputError, match="other weights"):
        page.page(held, "x", path="x", atlas=build(model, images, count=20))


def test_it_opens_at_a_view_and_shows_what_a_link_says(model):
    held = checkpoint.Checkpoint(model, checkpoint.Header(name="x", model=model.config))
    text = page.page(held, "x", path="x", atlas=None, view="spikes", link="2~x<")
    inside = json.loads(re.search(r'id="held">(.*?)</script>', text)[1])
    assert (inside["view"], inside["link"]) == ("spikes", "2~x<")


def test_a_map_that_is_not_there_is_refused(model, images):
    held = checkpoint.Checkpoint(model, checkpoint.Header(name="x", model=model.config))
    for atlas in (None, build(model, images, count=20)):
        with pytest.raises(InputError, match="x: has no map to open at; build its atlas"):
            page.page(held, "x", path="x", atlas=atlas and replace(atlas, map=None), view="map")


def test_its_policy_allows_its_own_scripts_and_no_network(model):
    held = checkpoint.Checkpoint(model, checkpoint.Header(name="x", model=model.config))
    text = page.page(held, "x", path="x", atlas=None)
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', text)
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert text.index("<script") > policy.end() < text.index("<style")
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert not re.search(r"https?:|\*|'self'|'unsafe-eval'", policy[1])
    scripts = re.findall(r'<script type="(?:importmap|module)">(.*?)</script>', text, re.S)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts}
    assert set(rules["script-src"].split()) == {"data:", "'wasm-unsafe-eval'", *hashes}
    assert len(hashes) == 2
