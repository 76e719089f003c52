"""What earlier versions wrote still opens: checkpoints, recipes, rates, atlases, links; kept in old_files by date."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from app.state import decode, encode
from esvae_core.arrays import read_rates
from esvae_core.checkpoint import load
from esvae_core.explore import atlas
from esvae_core.explore.replay import replay

VERSIONS = sorted(path for path in (Path(__file__).parent / "old_files").iterdir() if path.is_dir())
RECIPES = ("sample.png", "sample.npz", "path.png", "path.gif", "path.npz")

each_version = pytest.mark.parametrize("folder", VERSIONS, ids=lambda path: path.name)


def test_there_are_some():
    assert len(VERSIONS) >= 2


@each_version
def test_its_checkpoint_opens(folder):
    loaded = load(folder / "tiny.safetensors")
    assert (loaded.header.name, loaded.header.model.kind, loaded.header.model.latent_dim) == ("tiny", "esvae", 6)


@each_version
@pytest.mark.parametrize("name", RECIPES)
def test_its_pictures_replay_to_the_bit(folder, name):
    found = replay(folder / name, [folder])
    assert found.checkpoint == folder / "tiny.safetensors"
    assert found.identical, (found.differing, found.largest, found.other)


@each_version
def test_its_rates_decode(folder):
    rates = torch.from_numpy(read_rates(folder / "rates.npz", 6))
    assert rates.shape == (300, 6)
    assert load(folder / "tiny.safetensors").model.decode(rates.round()[None]).shape == (300, 1, 16, 16)


@each_version
def test_its_atlas_opens(folder, tmp_path):
    for path in folder.glob("tiny.*"):
        shutil.copy(path, tmp_path)
    found = atlas.load(tmp_path / "tiny.atlas.npz")
    assert found.rates.shape == (40, 6)
    assert found.map is not None


@each_version
def test_its_links_say_the_same(folder):
    for known in json.loads((folder / "links.json").read_text()):
        state = decode(known["text"])
        wanted = known["state"]
        assert (state.model, state.seed, state.sampler, state.steps, state.order) == tuple(
            wanted[name] for name in ("model", "seed", "sampler", "steps", "order")
        )
        assert list(state.rates) == wanted["rates"]
        assert [list(pair) for pair in state.view] == wanted["view"]
        assert decode(encode(state)) == state
