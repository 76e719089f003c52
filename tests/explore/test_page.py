"""A model and the front end made into one file; the file in a browser is tested in tests/app/test_page.py."""

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


def test_names_cannot_end_the_script(model):
    held = checkpoint.Checkpoint(model, checkpoint.Header(name="x", model=model.config))
    text = page.page(held, "</script><b>", path="</script>", atlas=None)
    assert text.count("</script>") == 2
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
        with pytest.raises(InputError, match="x: has no map to open at; esvae atlas draws one of 20 test images"):
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
    (script,) = re.findall(r'<script type="module">(.*?)</script>', text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"].split() == ["'wasm-unsafe-eval'", f"'sha256-{digest}'"]
