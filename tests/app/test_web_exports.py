"""What the page writes, opened by Pillow, NumPy and `esvae replay`; what Python writes, read by the page; in Node."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from esvae_core import checkpoint
from esvae_core.arrays import read_rates
from esvae_core.bitmap_font import ALPHABET, written
from esvae_core.engine import plan_of, to_bundle
from esvae_core.engine.damage import Damage
from esvae_core.explore import decode_rates, recipe_files
from esvae_core.explore.decode_rates import render
from esvae_core.explore.fixed_point import GRID, to_rates
from esvae_core.explore.recipe import Layout, recipe_of
from esvae_core.explore.replay import replay
from esvae_core.pictures import sheet
from tests.explore.test_recipe import WRONG

from .made import small_model

HERE = Path(__file__).parent / "exports"
RNG = np.random.default_rng(0)
UNITS = RNG.integers(0, GRID + 1, (5, 6)).astype(np.uint16)
TEXT = 'Az 09 <&> "ü"'
KINDS = (("gray", "grid", 3), ("gray", "strip", 2), ("gray", "film", 2), ("colour", "grid", 1), ("colour", "film", 2))


def _sheet(count, size, channels, columns, gap, scale, captions):
    tiles = RNG.integers(0, 256, (count, size, size, channels), dtype=np.uint8)
    made = sheet(tiles, columns, gap=gap, scale=scale, captions=captions)
    return {
        "tiles": tiles.reshape(count, -1).tolist(),
        "layout": {
            "size": size,
            "channels": channels,
            "columns": columns,
            "gap": gap,
            "scale": scale,
            "captions": captions,
        },
        "width": made.shape[1],
        "height": made.shape[0],
        "bytes": made.ravel().tolist(),
    }


def _recipe(recipe, seeds):
    return {
        "text": recipe.text,
        "cells": recipe.fixed_point_rates.tolist(),
        "seeds": list(seeds),
        "pixels": recipe.pixels(16),
        "flips": [[t * recipe.dims + j for i, t, j in recipe.flips if i == picture] for picture in range(5)],
        "upto": [recipe.upto[i if len(recipe.upto) > 1 else 0] if recipe.upto else recipe.steps for i in range(5)],
        "size": 16,
    }


@pytest.fixture(scope="module")
def models():
    return {"gray": small_model(), "colour": small_model(1, image_channels=3)}


@pytest.fixture(scope="module")
def done(tmp_path_factory, models):
    """The folder into which the page's side has written."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    given, out, loaded = (tmp_path_factory.mktemp(name) for name in ("given", "out", "loaded"))
    for name, model in models.items():
        header = checkpoint.Header(name=name, model=model.config)
        checkpoint.save(loaded / f"{name}.safetensors", model.state_dict(), header)
    model, how = models["gray"], {"sampler": "bernoulli", "steps": 8}
    captioned = Layout(columns=2, gap=1, scale=2, captions=("<a>", "ü", '"', "\\", "e"))
    grid = recipe_of(model, "grau ü", UNITS, range(5), kind="grid", layout=captioned, **how)
    film = recipe_of(model, "gray", UNITS, (7,), kind="film", layout=Layout(scale=3), **how)
    turned = recipe_of(model, "gray", UNITS, (7,), kind="grid", flips=((4, 7, 5), (0, 2, 1)), **how)
    early = recipe_of(model, "gray", UNITS, (7,), kind="strip", flips=((1, 0, 1),), upto=(1, 3, 8, 8, 2), **how)
    harm = Damage(kind="jitter", amount=150)
    harmed = recipe_of(model, "gray", UNITS, (7,), kind="grid", flips=((1, 0, 1),), damage=harm, **how)
    for suffix in recipe_files.SUFFIXES:
        recipe_files.write(given / f"it{suffix}", grid, render(grid, model))
    for suffix in ("png", "gif", "webp"):
        Image.new("L", (5, 4)).save(given / f"plain.{suffix}")
    np.savez(given / "plain.npz", images=np.zeros(3))
    (given / "plain.svg").write_text("<svg></svg>")
    with zipfile.ZipFile(given / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("recipe.npy", b"\0" * 2**26)
    for i in range(3):
        Image.fromarray(np.full((8, 12, 3), 80 * i, np.uint8)).save(given / f"still{i}.webp", lossless=True)
    Image.fromarray(RNG.integers(0, 256, (8, 12, 3), dtype=np.uint8)).save(given / "lossy.webp", quality=50)
    wrong = [json.dumps(json.loads(grid.text) | values) for values, _ in WRONG if values != {"steps": 2.0}]
    wrong += ["", "{", "[]", "null", "1", "[" * 10_000]
    ink = written(TEXT)
    cases = {
        "letters": {
            "alphabet": ALPHABET,
            "text": TEXT,
            "width": ink.shape[1],
            "ink": ink.ravel().astype(int).tolist(),
        },
        "sheets": [
            _sheet(5, 9, 1, 2, 1, 3, ["ab", "long words", "", "ü", "e"]),
            _sheet(3, 8, 3, 9, 2, 1, []),
            _sheet(1, 16, 3, 1, 0, 2, ["picture"]),
        ],
        "recipes": [
            _recipe(grid, range(5)),
            _recipe(film, (7,) * 5),
            _recipe(turned, (7,) * 5),
            _recipe(early, (7,) * 5),
            _recipe(harmed, (7,) * 5),
        ],
        "wrong": wrong,
        "carried": grid.text,
        "folder": str(loaded),
        "pictures": [
            {
                "name": name,
                "kind": kind,
                "scale": scale,
                "bundle": base64.b64encode(to_bundle(plan_of(models[name]))).decode(),
            }
            for name, kind, scale in KINDS
        ],
    }
    (given / "cases.json").write_text(json.dumps(cases))
    run = subprocess.run(
        [node, "--test-reporter=spec", str(HERE / "exports.test.mjs")],
        env=os.environ | {"ESVAE_CASES": str(given / "cases.json"), "ESVAE_IN": str(given), "ESVAE_OUT": str(out)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "tests 0" not in run.stdout, run.stdout
    return {"out": out, "loaded": loaded, "grid": grid}


@pytest.mark.parametrize(("name", "kind", "scale"), KINDS)
def test_what_the_page_writes_is_replayed(name, kind, scale, done):
    suffixes = ("gif", "npz") if kind == "film" else ("gif", "npz", "png", "svg")
    for suffix in suffixes:
        result = replay(done["out"] / f"{name}-{kind}.{suffix}", [done["loaded"]])
        assert (result.identical, result.differing, result.largest) == (True, 0, 0), suffix
        assert result.recipe.kind == kind
        assert result.recipe.layout.scale == scale
        assert result.recipe.versions == {"page": "1"}
        assert result.checkpoint.stem == name


@pytest.mark.parametrize(("name", "kind"), [*((name, kind) for name, kind, _ in KINDS), ("gray", "picture")])
def test_the_lines_of_python_make_the_same(name, kind, done, models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec((done["out"] / f"{name}-{kind}.py").read_text(), {})
    if kind == "picture":
        with Image.open("picture.png") as image:
            expected = draw(models["gray"], [[0, 1, 0.5, 0.0625, 0.25, 0]], seed=3, sampler="systematic", steps=8)
            assert np.array_equal(np.asarray(image)[::10, ::10, None], expected)
            assert image.size == (160, 160)
        return
    if kind != "film":
        with Image.open(f"{kind}.png") as ours, Image.open(done["out"] / f"{name}-{kind}.png") as theirs:
            assert np.array_equal(np.asarray(ours), np.asarray(theirs))
        return
    with Image.open("film.gif") as ours:
        assert (ours.n_frames, ours.size, ours.info["duration"]) == (6, (32, 32), 120)


def draw(model, rates, **how):
    return decode_rates.decode_with_spikes(model, np.array(rates), **how).pixels[0]


def test_a_table_of_rates_is_read_by_the_command(done):
    found = read_rates(done["out"] / "rates.csv", 3)
    assert np.abs(found - np.array([[0, 1, 0.5], [2880, 15360, 1]]) / [[1] * 3, [GRID] * 3]).max() < 1e-6


def test_a_png_of_the_page_is_a_png(done):
    with Image.open(done["out"] / "gray-grid.png") as image:
        assert image.mode == "L"
        assert image.size == (3 * (3 * 18 - 2), 3 * (2 * 25 - 2))
        image.verify()


def test_a_film_of_the_page_has_its_pace(done):
    with Image.open(done["out"] / "colour-film.gif") as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (6, (32, 32), 0)
        assert image.info["duration"] == 120


def test_tables_of_the_page_are_numpys(done):
    with np.load(done["out"] / "colour-film.npz") as file:
        assert file["images"].shape == (6, 16, 16, 3)
        assert file["rates"].dtype == np.float32
        units = [[7919 * (i + 1) * (j + 3) % 46081 for j in range(6)] for i in range(6)]
        assert np.array_equal(file["rates"], to_rates(np.array(units, np.uint16)))
    for name, values in (("u1", [1, 255]), ("u2", [1, 65535]), ("u4", [1, 2**32 - 1]), ("f4", [-0.5, 3])):
        found = np.load(done["out"] / f"{name}.npy")
        assert found.tolist() == values
        assert found.dtype.str[1:] == name
    assert np.array_equal(np.load(done["out"] / "deep.npy"), np.arange(24).reshape(2, 3, 4))


def test_noise_survives_the_packing(done):
    raw = np.frombuffer((done["out"] / "noise.raw").read_bytes(), np.uint8).reshape(200, 300)
    with Image.open(done["out"] / "noise.gif") as image:
        assert np.array_equal(np.asarray(image.convert("L")), raw)
    assert zlib.decompress((done["out"] / "stored.zlib").read_bytes()) == (done["out"] / "stored.raw").read_bytes()


def test_mp4_of_the_page(done):
    """What it shows is looked at in a browser, which has an encoder."""
    assert recipe_files.read_recipe(done["out"] / "film.mp4").checksum == "ab"


def test_webp_of_the_page(done):
    with Image.open(done["out"] / "film.webp") as image:
        assert (image.n_frames, image.size) == (3, (12, 8))
        for i in range(3):
            image.seek(i)
            assert np.array_equal(np.asarray(image.convert("RGB")), np.full((8, 12, 3), 80 * i))
        assert image.info["duration"] == 150
    for name in ("film.webp", "still.webp", "film.mp4"):
        assert recipe_files.read_recipe(done["out"] / name).recipe == done["grid"]
