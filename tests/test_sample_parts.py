"""Any number of new pictures as parquet files: the same by one process or two, a data set for others, flat memory."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from esvae_core import ESVAE, ModelConfig, load
from esvae_core.checkpoint import Header, save
from esvae_core.config import ANNVAEConfig
from esvae_core.data import load as load_data
from esvae_core.data.streamed import PIECE, Share
from esvae_core.model_kinds import build
from esvae_core.sample_parts import sample_to_parts
from esvae_core.seeds import generator


@pytest.fixture(scope="module")
def path(tmp_path_factory, warm_model):
    """A tiny checkpoint."""
    path = tmp_path_factory.mktemp("sample") / "tiny.safetensors"
    save(path, warm_model.state_dict(), Header(name="tiny", model=warm_model.config))
    return path


def pictures_of(folder) -> dict[int, np.ndarray]:
    """Pixels of all parts of a folder, by their numbers."""
    found = {}
    for file in folder.glob("part-*.parquet"):
        for row in pq.read_table(file).to_pylist():
            assert row["number"] not in found
            found[row["number"]] = np.asarray(Image.open(io.BytesIO(row["image"]["bytes"])))
    return found


@pytest.mark.slow
def test_two_processes_draw_what_one_does(tmp_path, path):
    n = 2 * PIECE + 7
    tables = []
    for devices in (1, 2):
        out = tmp_path / f"by-{devices}"
        words = ["sample", path, "--n", n, "--seed", 3, "--devices", devices, "--out", f"{out}/", "--json"]
        command = [sys.executable, "-m", "esvae_core", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.strip().splitlines()[-1]) == {"folder": str(out), "images": n}
        tables.append(pictures_of(out))
        assert len(list(out.iterdir())) == devices
    assert sorted(tables[0]) == list(range(n))
    assert all(np.array_equal(tables[0][i], tables[1][i]) for i in range(n))
    model = load(path).model
    with torch.no_grad():
        last = model.sample(7, generator(3, "sample", 2)).images
    grey = ((last[:, 0] + 1) * 127.5).round().byte().numpy()
    assert np.abs(np.stack([tables[0][2 * PIECE + i] for i in range(7)]).astype(int) - grey).max() <= 1


def test_they_are_a_data_set_of_images(tmp_path, path, esvae):
    out = tmp_path / "drawn"
    assert esvae("sample", path, "--n", 60, "--out", f"{out}/").code == 0
    found = [
        load_data(f"huggingface:{out}", part, image_size=8, channels=1) for part in ("train", "validation", "test")
    ]
    assert sum(map(len, found)) == 60
    assert found[0].images.max() > found[0].images.min()
    done = esvae("encode", path, f"huggingface:{out}", "--out", f"{tmp_path / 'rates'}/")
    assert done.code == 0
    assert "60 images" in done.out


def test_models_without_rates_have_parts_too(tmp_path, esvae):
    model = build(ANNVAEConfig(image_size=8, channels=(4, 8), latent_dim=6))
    save(tmp_path / "ann.safetensors", model.state_dict(), Header(name="ann", model=model.config))
    assert esvae("sample", tmp_path / "ann.safetensors", "--n", 5, "--out", f"{tmp_path / 'a'}/").code == 0
    assert sorted(pictures_of(tmp_path / "a")) == [0, 1, 2, 3, 4]
    done = esvae("sample", tmp_path / "ann.safetensors", "--n", 5, "--steps", 3, "--out", f"{tmp_path / 'b'}/")
    assert done.code == 2
    assert "has no rates" in done.err


def test_what_cannot_be_drawn_in_parts_is_refused(tmp_path, path, esvae):
    shape = {"image_size": 8, "image_channels": 2, "channels": (4, 8), "latent_dim": 6, "time_steps": 4}
    frames = ESVAE(ModelConfig(**shape, frames=True))
    save(tmp_path / "film.safetensors", frames.state_dict(), Header(name="film", model=frames.config))
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "part-00000-00000.parquet").touch()
    for arguments, line in (
        ((path, "--control", "thickness=1", "--out", f"{tmp_path}/new/"), "--control: is for pictures of one file"),
        ((tmp_path / "film.safetensors", "--out", f"{tmp_path}/new/"), "it makes recordings"),
        ((path, "--devices", 2, "--out", tmp_path / "x.npz"), "expected FOLDER/ with more than one process"),
        ((path, "--devices", 999, "--out", f"{tmp_path}/new/"), "devices: expected at most"),
        ((path, "--out", f"{tmp_path}/old/"), "holds parts already"),
        ((path, "--n", 1_000_001, "--out", tmp_path / "x.npz"), "--out FOLDER/ takes more"),
    ):
        done = esvae("sample", *arguments)
        assert done.code == 2, arguments
        assert line in " ".join(done.err.split()), arguments
        assert not list(tmp_path.glob("new/*"))


def test_no_more_than_a_file_is_held(tmp_path):
    """A million pictures are many files, and what is held between two of them is what one takes."""
    sizes = []

    def draw(count, source):
        return torch.zeros(count, 1, 8, 8)

    sample_to_parts(draw, 4 * PIECE, tmp_path, Share(1, 2), rows=PIECE, report=sizes.append)
    assert sizes == [PIECE] * 2
    assert sorted(pictures_of(tmp_path)) == [*range(PIECE, 2 * PIECE), *range(3 * PIECE, 4 * PIECE)]
    assert len(list(tmp_path.iterdir())) == 2
