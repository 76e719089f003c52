"""Spikes edited by hand and damage to spikes: read from a link as the page reads them, and drawn by the server."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import catalogue, server_decode
from app.damage import damage_of
from app.flips import flips_of
from app.state import LinkError, Prior, State, from_grid
from esvae_core.engine import noise
from esvae_core.engine.damage import Damage, damaged

VECTORS = json.loads((Path(__file__).parent / "link_vectors.json").read_text())
KNOWN = VECTORS["flips"]
"""`tests/app/web/spikes.test.mjs` holds the page's twin against the same."""


def state(text: str, steps: int = 8, dims: int = 6) -> State:
    return State("aaa", Prior(0), (23040,) * dims, 7, "bernoulli", steps, view=(("flips", text),))


@pytest.mark.parametrize("case", KNOWN["good"], ids=lambda case: case["text"] or "none")
def test_edits_are_read_as_the_page_reads_them(case):
    assert list(flips_of(state(case["text"], case["steps"], case["dims"]))) == case["cells"]


@pytest.mark.parametrize("case", KNOWN["bad"], ids=lambda case: case["text"][:20])
def test_edits_that_make_no_sense_are_refused_with_the_same_words(case):
    with pytest.raises(LinkError) as caught:
        flips_of(state(case["text"], case["steps"], case["dims"]))
    assert str(caught.value) == case["message"]


@given(st.text(max_size=40))
def test_nonsense_is_refused_and_nothing_else_happens(text):
    with contextlib.suppress(LinkError):
        assert set(flips_of(state(text))) <= set(range(48))


def test_the_server_draws_the_turned_spikes(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    plain, turned = server_decode.drawn(state("")), server_decode.drawn(state("s1b.p"))
    expected = noise.sample(from_grid(state("").rates), 7, "bernoulli", 8).astype(bool)
    assert np.array_equal(plain.spikes[:, 0], expected)
    expected.reshape(-1)[[25, 47]] ^= True
    assert np.array_equal(turned.spikes[:, 0], expected)
    assert not np.array_equal(turned.pixels, plain.pixels)
    with pytest.raises(LinkError, match="edits"):
        server_decode.drawn(replace(state(""), view=(("flips", "s!"),)))


def harmed(text: str) -> State:
    return replace(state(""), view=(("damage", text),))


@pytest.mark.parametrize("case", VECTORS["damage"]["good"], ids=lambda case: case["text"] or "none")
def test_damage_is_read_as_the_page_reads_it(case):
    assert damage_of(harmed(case["text"])) == (case["damage"] and Damage(**case["damage"]))


@pytest.mark.parametrize("case", VECTORS["damage"]["bad"], ids=lambda case: case["text"][:20])
def test_damage_that_makes_no_sense_is_refused_with_the_same_words(case):
    with pytest.raises(LinkError) as caught:
        damage_of(harmed(case["text"]))
    assert str(caught.value) == case["message"]


def test_the_server_draws_the_damaged_spikes(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    drawn = noise.sample(from_grid(state("").rates), 7, "bernoulli", 8)
    found = server_decode.drawn(harmed("jitter150"))
    wanted = damaged(drawn, Damage(kind="jitter", amount=150), 7)
    assert np.array_equal(found.spikes[:, 0], wanted.astype(bool))
    assert not np.array_equal(wanted, drawn)
