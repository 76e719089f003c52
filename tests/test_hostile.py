"""Files that nobody made in good faith: `esvae replay` ends with 2 and one line, soon, and writes nothing."""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np
import pytest
from rich.console import Console

from esvae_core import checkpoint, cli
from esvae_core.cli import console
from esvae_core.explore.recipe import recipe_of

from . import hostile

GIVEN = {**hostile.BOMBS, **hostile.PICTURES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, warm_model):
    """A checkpoint, and a right recipe of it."""
    place = tmp_path_factory.mktemp("hostile")
    header = checkpoint.Header(name="tiny", model=warm_model.config)
    checkpoint.save(place / "tiny.safetensors", warm_model.state_dict(), header)
    units = np.full((3, 6), 23_040, np.uint16)
    made = recipe_of(warm_model, "tiny", units, (1,), kind="grid", sampler="bernoulli", steps=4)
    (place / "good.json").write_text(made.text)
    return place


@pytest.fixture
def replay(folder, monkeypatch, capsys):
    """Run the command on a file; its exit code and what it said."""

    def run(name, content):
        path = folder / name
        path.write_bytes(content)
        words = ["replay", path, "--checkpoint", folder / "tiny.safetensors", "--out", folder / "out.png"]
        monkeypatch.setattr(sys, "argv", ["esvae", *map(str, words)])
        monkeypatch.setattr(console, "out", Console(width=2000))
        monkeypatch.setattr(console, "err", Console(stderr=True, width=2000))
        try:
            cli.main()
        except SystemExit as ended:
            return ended.code or 0, capsys.readouterr()
        return 0, capsys.readouterr()

    return run


def refused(replay, folder, name, content):
    start, held = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code, said = replay(name, content)
    assert code == 2, said
    assert len(said.err.splitlines()) == 1, said
    assert not said.out
    assert len(said.err) < 1000
    assert not (folder / "out.png").exists(), "nothing is written"
    assert time.perf_counter() - start < 30
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024 < 400, "MB"
    return said.err


@pytest.mark.parametrize("name", GIVEN)
def test_a_file_that_is_none(replay, folder, name):
    assert name in refused(replay, folder, name, GIVEN[name]())


@pytest.mark.parametrize("name", hostile.recipes({"steps": 4}))
def test_a_recipe_that_is_none(replay, folder, name):
    good = json.loads((folder / "good.json").read_text())
    assert "recipe" in refused(replay, folder, name, hostile.recipes(good)[name])


def test_the_right_one_is_followed(replay, folder):
    """What is refused above is not refused for something else."""
    code, said = replay("good.png", hostile.carrying((folder / "good.json").read_text()))
    assert code != 2, said
    assert (folder / "out.png").exists()
    (folder / "out.png").unlink()
