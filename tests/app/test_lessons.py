"""Lessons: every link opens, and what its two sentences say of the state is so."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest

from app import catalogue, server_decode
from app import lessons as lessons_of
from app.flips import flips_of
from app.state import State, TestImage, decode, encode, from_grid, to_grid
from docs.make_lessons import holes, index_of, ink_of, rates_of
from esvae_core.front_end import FRONT_END

from .made import shelve, small_model
from .visits import LINK

TABLE = FRONT_END / "parts/shared/lessons_table.js"
FIELD = re.compile(r"^    (id|title|text|link):\s+(?:msg)?[\"`](.*)[\"`],$", re.M)


def lessons() -> dict[str, dict[str, str]]:
    """By id, as the page's module writes them: one field a line, but for long ones."""
    text = re.sub(r":\n\s+", ": ", TABLE.read_text(encoding="utf-8"))
    found: list[dict[str, str]] = []
    for name, value in FIELD.findall(text):
        if name == "id":
            found.append({})
        found[-1][name] = value
    return {each["id"]: each for each in found}


LESSONS = lessons()


def state(name: str) -> State:
    return decode(LESSONS[name]["link"])


def nearest(model: str, rates: np.ndarray, count: int) -> tuple[list[str], float]:
    """Classes of the nearest test images of a model's atlas, and the distance to the first."""
    atlas = catalogue.named(model).atlas
    far = np.sqrt(((atlas.rates - rates) ** 2).mean(1))
    rows = far.argsort()[:count]
    return [atlas.class_names[atlas.labels[row]] for row in rows], float(far[rows[0]])


def test_there_are_six_of_two_sentences():
    assert list(LESSONS) == ["bar", "noise", "spike", "eight", "leave", "taught"]
    for lesson in LESSONS.values():
        assert lesson.keys() == {"id", "title", "text", "link"}
        assert len(re.findall(r"[.;](?: |$)", lesson["text"])) >= 2
        assert len(lesson["text"]) < 260


@pytest.mark.parametrize("name", LESSONS)
def test_its_link_opens_a_model_that_ships(name):
    found = state(name)
    model = catalogue.named(found.model)
    assert model.entry.path.parent == catalogue.SHIPPED
    assert len(found.rates) == model.header.model.latent_dim
    assert isinstance(found.source, TestImage)
    assert found.source.index in model.atlas.indices
    assert dict(found.view)["lesson"] == name


def test_noise_has_four_random_steps():
    assert (state("noise").steps, state("noise").sampler) == (4, "bernoulli")


def test_one_spike_is_one_of_about_1100():
    found = state("spike")
    assert len(flips_of(found)) == 1
    assert 1050 < server_decode.drawn(found).spikes.sum() < 1150
    assert "One spike out of about 1,100" in LESSONS["spike"]["text"]


def test_its_turning_can_be_seen():
    found = state("spike")
    plain = replace(found, view=tuple((name, value) for name, value in found.view if name != "flips"))
    changed = np.abs(server_decode.drawn(found).pixels.astype(int) - server_decode.drawn(plain).pixels)
    assert changed.max() > 20, "grey levels"
    assert changed.mean() < 8, "little all the same"


def test_a_3_has_become_an_8():
    found = state("eight")
    atlas = catalogue.named(found.model).atlas
    row = list(atlas.indices).index(found.source.index)
    assert atlas.class_names[atlas.labels[row]] == "3"
    assert holes(ink_of(found)) == 2, "an 8 has two holes"


@pytest.mark.parametrize("name", ["bar", "noise", "spike", "taught"])
def test_bars_stand_at_the_rates_of_its_image(name):
    found = state(name)
    assert found.rates == to_grid(rates_of(found.model, index_of(found))), "after training: python -m docs.make_lessons"


def test_who_leaves_the_data_is_far_out():
    found = state("leave")
    rates = catalogue.named(found.model).atlas.rates
    own = np.array([np.sort(((rates - row) ** 2).mean(1))[1] for row in rates[:200]])
    _, far = nearest(found.model, from_grid(found.rates), 1)
    assert far > np.sqrt(np.quantile(own, 0.95))


def test_the_taught_neurons_carry_names():
    found = state("taught")
    taught = catalogue.named(found.model).header.taught
    assert {"shape", "scale", "orientation", "x", "y"} <= set(taught)
    assert found.order == "index", "the taught neurons stand first"


def laid(folder, content) -> dict[str, object]:
    """What the page is told of a checkpoint with that file of lessons beside it."""
    path = shelve(folder, "own", small_model())
    lessons_of.beside(path).write_text(content if isinstance(content, str) else json.dumps(content))
    (entry,) = catalogue.find([folder])
    return catalogue.described(catalogue.take(entry))


OWN = {"title": "Mine", "text": "One sentence. Another.", "link": encode(LINK)}


@pytest.mark.parametrize("link", [encode(LINK), f"http://127.0.0.1:8501/?s={quote(encode(LINK))}"])
def test_authors_lay_lessons_beside_a_checkpoint(tmp_path, link):
    found = laid(tmp_path, [OWN | {"link": link}])
    assert found["lessonsProblem"] == ""
    (lesson,) = found["lessons"]
    assert (lesson["title"], lesson["text"]) == ("Mine", "One sentence. Another.")
    assert decode(lesson["link"]) == replace(LINK, model="own", view=(("lesson", lesson["id"]),))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "Invalid JSON"),
        ({"title": "Mine"}, "Input should be a valid array"),
        ([{"title": "Mine"}], "0.text: Field required"),
        ([OWN | {"title": "x" * 81}], "0.title: String should have at most 80 characters"),
        ([OWN | {"more": 1}], "0.more: Extra inputs are not permitted"),
        ([OWN | {"link": "2~a"}], "0.link: expected 7 or 8 parts, found 2"),
        ([OWN | {"link": encode(replace(LINK, rates=(0,) * 5))}], "0.link: expected 6 rates, found 5"),
        ([OWN | {"link": encode(replace(LINK, source=TestImage(999)))}], "0.link: test image 999 is not in the atlas"),
        ([OWN] * 21, "List should have at most 20 items"),
        (" " * 70_000, "own.lessons.json: expected at most 65,536 bytes"),
    ],
)
def test_a_bad_file_of_lessons_is_one_line_and_the_model_opens(tmp_path, content, words):
    found = laid(tmp_path, content)
    assert found["lessons"] == []
    assert words in found["lessonsProblem"]
    assert "\n" not in found["lessonsProblem"]
    assert found["problem"] == ""
