"""The page without a browser: what it makes of links, files and touches."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import catalogue
from app.catalogue import Entry
from app.scene import build, default_state
from app.state import GRID, Prior, TestImage, Upload, decode, encode, to_grid

from .conftest import ROOT
from .made import shelve, small_model


def entries_of(folder) -> list[Entry]:
    return catalogue.find([folder])


def visit() -> AppTest:
    """A visit of the page by itself: AppTest loses pages behind st.navigation at the second run."""

    def script():
        from app.pages import explore

        explore.page()

    return AppTest.from_function(script, default_timeout=30)


@pytest.fixture
def app(shelf_dir, monkeypatch):
    """The script, with the small checkpoints only."""
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    return visit()


@pytest.fixture
def plain(shelf_dir):
    state = default_state(entries_of(shelf_dir))
    assert state is not None
    return state


def opened(app, state_or_text):
    app.query_params["s"] = state_or_text if isinstance(state_or_text, str) else encode(state_or_text)
    return app.run()


def shown(app):
    """The state that the link now carries."""
    assert not app.exception
    assert not app.error
    text = app.query_params["s"]
    return decode(text if isinstance(text, str) else text[0])


def words(app):
    return " ".join(w.value for w in app.warning)


def button(app, label):
    (found,) = [b for b in app.button if b.label == label]
    return found


def slider(app, i, name="aaa"):
    return keyed(app.slider, f"rate:{name}:{i}")


def keyed(widgets, key):
    """The widget of that key, whatever its generation."""
    (found,) = [w for w in widgets if (w.key or "").split("#")[0] == key]
    return found


def test_the_first_visit_shows_a_test_image(app, plain):
    assert shown(app.run()) == plain
    assert isinstance(plain.source, TestImage)
    assert not app.warning


def test_a_link_opens_what_it_says(app, plain):
    state = replace(plain, rates=to_grid([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), seed=99, sampler="systematic", steps=5)
    assert shown(opened(app, state)) == state
    assert [slider(app, i).value for i in range(6)] == [r / GRID for r in state.rates]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checkpoint": "nowhere"}, "'nowhere' is not here; there are aaa, bare"),
        ({"checkpoint": "cut"}, "truncated"),
        ({"checkpoint": "bare"}, "no atlas of test images"),
        ({"checkpoint": "bare", "source": Prior(1)}, "rates: expected 40 for checkpoint 'bare', found 6"),
        ({"source": TestImage(10**6)}, "test image 1000000 is not in the atlas"),
        ({"source": Upload((1, 2))}, "rates of the upload: expected 6"),
        ({"rates": (0,) * 7}, "rates: expected 6"),
    ],
)
def test_a_link_that_does_not_fit_is_explained(app, plain, change, message):
    opened(app, replace(plain, **change))
    assert message in words(app)
    assert "This link does not open" in words(app)
    assert shown(app) == plain


@pytest.mark.parametrize("part", range(7))
def test_a_link_that_is_damaged_is_explained(app, plain, part):
    parts = encode(plain).split("~")
    parts[part] = "?"
    opened(app, "~".join(parts))
    assert "This link does not open" in words(app)
    assert shown(app) == plain
    slider(app, 0).set_value(0.5).run()
    assert not app.warning


def test_a_slider_moves_one_rate_and_undo_takes_it_back(app, plain):
    app.run()
    slider(app, 3).set_value(0.625).run()
    moved = shown(app)
    assert moved.rates == (*plain.rates[:3], GRID * 5 // 8, *plain.rates[4:])
    button(app, "Undo").click().run()
    assert shown(app) == plain
    assert slider(app, 3).value == plain.rates[3] / GRID
    button(app, "Redo").click().run()
    assert shown(app) == moved
    assert slider(app, 3).value == 0.625
    button(app, "Reset").click().run()
    assert shown(app) == plain


def test_a_rate_between_two_steps_stays_until_it_is_touched(app, plain):
    state = replace(plain, rates=to_grid([0.1234] * 6))
    opened(app, state)
    slider(app, 2).set_value(0.25).run()
    assert shown(app).rates == (*state.rates[:2], GRID // 4, *state.rates[3:])


def test_what_a_browser_repeats_from_before_a_change_is_no_wish(app, plain):
    """A message that crosses a change on its way still carries the old values of all sliders."""
    app.run()
    old = slider(app, 3)
    button(app, "Random").click().run()
    random = shown(app)
    assert old.key != slider(app, 3).key or random.rates[3] == plain.rates[3]
    app.session_state[old.key] = plain.rates[3] / GRID
    app.run()
    assert shown(app) == random


@pytest.mark.parametrize("steps", [3, 5, 8])
def test_a_slider_that_the_visitor_moves_stays_the_same_widget(tmp_path, monkeypatch, steps):
    shelve(tmp_path, "odd", small_model(time_steps=steps), with_atlas=False)
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    app = visit().run()
    before = slider(app, 1, "odd").key
    for k in range(1, steps):
        slider(app, 1, "odd").set_value(k * (1 / steps)).run()
        assert slider(app, 1, "odd").key == before
        assert shown(app).rates[1] == round(k * GRID / steps)


def test_random_changes_rates_and_keeps_the_source(app, plain):
    app.run()
    button(app, "Random").click().run()
    assert shown(app).source == plain.source
    assert shown(app).rates != plain.rates


def test_noise_changes_the_seed_only(app, plain):
    app.run()
    button(app, "New noise").click().run()
    assert shown(app) == replace(plain, seed=shown(app).seed)
    keyed(app.number_input, "seed").set_value(123).run()
    assert shown(app).seed == 123
    keyed(app.slider, "steps").set_value(3).run()
    assert shown(app).steps == 3


def test_another_test_image(app, plain, shelf_dir):
    app.run()
    tile = next(b for b in app.button if (b.key or "").startswith("tile:aaa:") and "test image" in b.label)
    other = [b for b in app.button if (b.key or "").startswith("tile:aaa:")][5]
    index = int(re.search(r"test image (\d+)", other.label)[1])
    assert tile.key != other.key
    other.click().run()
    now = shown(app)
    assert now.source == TestImage(index)
    shelf = catalogue.take(entries_of(shelf_dir)[0])
    counts = shelf.atlas.counts[np.flatnonzero(shelf.atlas.indices == index)[0]]
    assert now.rates == to_grid(counts / 8)


def test_a_class_filters_the_gallery(app):
    app.run()
    app.selectbox(key="class:aaa").set_value(3).run()
    tiles = [b.label for b in app.button if (b.key or "").startswith("tile:")]
    assert tiles
    assert all(label.startswith("![d, ") for label in tiles)
    assert {int(re.search(r"image (\d+)", label)[1]) % 10 for label in tiles} == {3}


def test_the_prior_is_drawn_by_seed(app, shelf_dir):
    app.run()
    keyed(app.number_input, "prior-seed").set_value(5).run()
    now = shown(app)
    assert now.source == Prior(5)
    assert build(now, entries_of(shelf_dir)).source_rates == now.rates
    button(app, "New").click().run()
    assert isinstance(shown(app).source, Prior)
    assert shown(app).rates != now.rates


def test_another_checkpoint_without_an_atlas(app):
    app.run()
    keyed(app.selectbox, "checkpoint").set_value("bare").run()
    now = shown(app)
    assert (now.checkpoint, now.source, len(now.rates)) == ("bare", Prior(0), 40)
    assert "no atlas" in " ".join(i.value for i in app.info)
    button(app, "Undo").click().run()
    assert shown(app).checkpoint == "aaa"


def test_unreadable_files_are_listed_with_their_reason(app):
    app.run()
    said = " ".join(m.value for m in app.markdown)
    assert "**cut**" in said
    assert "truncated" in said
    assert "**text**" in said
    assert keyed(app.selectbox, "checkpoint").options == ["aaa", "bare"]


def test_a_checkpoint_that_breaks_when_it_is_opened(tmp_path, monkeypatch):
    folder = tmp_path / "f"
    path = shelve(folder, "bad", small_model(), with_atlas=False)
    raw = bytearray(path.read_bytes())
    raw[-4:] = b"\xff\xff\xff\x7f"  # NaN
    path.write_bytes(raw)
    shelve(folder, "good", small_model(), with_atlas=False)
    monkeypatch.setattr(catalogue, "folders", lambda: [folder])
    app = visit().run()
    assert shown(app).checkpoint == "good"
    keyed(app.selectbox, "checkpoint").set_value("bad").run()
    assert "expected finite numbers" in words(app)
    assert shown(app).checkpoint == "good"
    assert keyed(app.selectbox, "checkpoint").value == "good"


def test_an_atlas_of_other_weights_is_not_shown(tmp_path, monkeypatch):
    path = shelve(tmp_path, "one", small_model(0))
    other = shelve(tmp_path / "b", "one", small_model(1))
    path.with_suffix(".atlas.npz").write_bytes(other.with_suffix(".atlas.npz").read_bytes())
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    app = visit().run()
    assert "belongs to other weights" in words(app)
    assert shown(app).source == Prior(0)


def test_no_checkpoint_at_all(tmp_path, monkeypatch):
    (tmp_path / "x.safetensors").write_bytes(b"")
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    app = visit().run()
    assert not app.exception
    assert "no checkpoint that can be opened" in app.info[0].value
    assert "found 0 bytes" in words(app)


def test_two_checkpoints_of_one_name_are_told_apart(tmp_path):
    for place in ("one", "two"):
        shelve(tmp_path / place, "same", small_model(), with_atlas=False)
    assert [e.name for e in catalogue.find([tmp_path / "one", tmp_path / "two"])] == ["same", "two/same"]


def test_folders_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("ESVAE_CHECKPOINTS", f"{tmp_path}:")
    assert catalogue.folders() == [ROOT / "checkpoints", tmp_path]
