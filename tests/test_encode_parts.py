"""`esvae encode --out FOLDER/`: a data set of any size, encoded piece by piece into one table of many files."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from esvae_core import checkpoint
from esvae_core.data.streamed import Share
from esvae_core.encode_parts import Batch, batches_of, encode_to_parts, prepare_folder
from esvae_core.errors import OutputError
from tests.app.made import small_model
from tests.data.made import picture_bytes, save_hub_data

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 16, 16), dtype=np.uint8)
LABELS = [i % 2 for i in range(30)]


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture
def path(model, tmp_path):
    checkpoint.save(tmp_path / "small.safetensors", model.state_dict(), checkpoint.Header(name="s", model=model.config))
    return tmp_path / "small.safetensors"


def table_of(folder):
    """All parts as one table, by name."""
    rows = pq.read_table(folder).to_pylist()
    return {row["name"]: (row["label"], [row[f"rate_{j}"] for j in range(6)]) for row in rows}


def batches(counts):
    for start, count in zip(np.cumsum([0, *counts]), counts, strict=False):
        rows = range(start, start + count)
        yield Batch([f"n{row}" for row in rows], PIXELS[list(rows), None], [str(row % 2) for row in rows], [])


def encode(images):
    return images.flatten(1)[:, :6]


def test_parts_are_one_table_and_hold_so_many_rows_at_most(tmp_path):
    told = []
    found = encode_to_parts(encode, batches([4, 4, 9, 3, 10]), tmp_path, rank=2, rows=10, report=told.append)
    assert (found.images, found.skipped_count, told) == (30, 0, [4, 4, 9, 3, 10])
    sizes = {path.name: pq.read_metadata(path).num_rows for path in tmp_path.iterdir()}
    assert sizes == {f"part-00002-{k:05d}.parquet": rows for k, rows in enumerate([8, 9, 3, 10])}
    table = table_of(tmp_path)
    for row in range(30):
        label, rates = table[f"n{row}"]
        assert label == str(row % 2)
        np.testing.assert_allclose(rates, PIXELS[row].ravel()[:6] / 127.5 - 1, atol=1e-6)


def test_a_folder_that_holds_parts_is_refused(tmp_path):
    prepare_folder(tmp_path / "new")
    encode_to_parts(encode, batches([5]), tmp_path / "new")
    with pytest.raises(OutputError, match=r"holds parts already \(part-00000-00000\.parquet\)"):
        prepare_folder(tmp_path / "new")


@pytest.mark.parametrize("world", [1, 3])
def test_every_picture_is_in_one_share(tmp_path, world):
    pictures = tmp_path / "pictures"
    for row, pixels in enumerate(PIXELS):
        place = pictures / "ab"[row % 2] / f"{row}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture_bytes(pixels))
    save_hub_data(tmp_path / "hub", [picture_bytes(pixels) for pixels in PIXELS], LABELS)
    for source in (f"folder:{pictures}", f"huggingface:{tmp_path / 'hub'}", "digits"):
        seen = {}
        for rank in range(world):
            for batch in batches_of(source, Share(rank, world), image_size=16, channels=1):
                assert not set(seen) & set(batch.names)
                seen |= dict(zip(batch.names, zip(batch.labels, batch.images, strict=True), strict=True))
        assert len(seen) == (300 if source == "digits" else 30)
        if source.startswith("folder"):
            for row, pixels in enumerate(PIXELS):
                label, image = seen[f"{'ab'[row % 2]}/{row}.png"]
                assert label == "ab"[row % 2]
                assert np.array_equal(image[0], pixels)


@pytest.mark.slow
def test_two_processes_write_what_one_computes(tmp_path, path, model):
    """By the command, from a folder of a data set that was saved to disk."""
    save_hub_data(tmp_path / "hub", [*[picture_bytes(pixels) for pixels in PIXELS[:29]], b"no picture"], LABELS)
    command = [sys.executable, "-m", "esvae_core", "encode", str(path), f"huggingface:{tmp_path / 'hub'}", "--json"]
    command += ["--out", f"{tmp_path / 'rates'}/", "--devices", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert (said["images"], said["skipped"]) == (29, 1)
    assert {file.name[:10] for file in (tmp_path / "rates").iterdir()} == {"part-00000", "part-00001"}
    table = table_of(tmp_path / "rates")
    assert len(table) == 29
    images = torch.from_numpy(PIXELS[:29, None].astype(np.float32)).div(127.5).sub(1)
    with torch.no_grad():
        wanted = model.encode(images).rates.numpy()
    for row in range(29):
        label, rates = table[f"train/{row}"]
        assert label == ("no", "yes")[row % 2]
        np.testing.assert_allclose(rates, wanted[row], atol=1e-6)
    again = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert again.returncode == 2
    assert "holds parts already" in again.stderr


def test_what_cannot_be_encoded_in_parts_is_refused(esvae, path, tmp_path):
    for arguments, line in (
        ((tmp_path / "cat.png", "--out", f"{tmp_path}/new/"), "expected a data set, such as folder:PATH"),
        (("digits", "mnist", "--out", f"{tmp_path}/new/"), "expected one data set, got 2 sources"),
        (("moving_digits", "--out", f"{tmp_path}/new/"), "recordings are not encoded in parts"),
        (("digits", "--devices", 2, "--out", tmp_path / "x.npz"), "expected FOLDER/ with more than one process"),
        (("digits", "--devices", 999, "--out", f"{tmp_path}/new/"), "devices: expected at most"),
        ((f"tar:{tmp_path}/no", "--out", f"{tmp_path}/new/"), "no such file or folder"),
    ):
        done = esvae("encode", path, *arguments)
        assert done.code == 2, arguments
        assert line in " ".join(done.err.split()), arguments
        assert not list(tmp_path.glob("new/*"))


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    """What is held between two files is what one file takes."""
    resource = pytest.importorskip("resource")

    def many(count):
        image = np.zeros((250, 1, 16, 16), np.uint8)
        for start in range(0, count, 250):
            yield Batch([f"n{start + i}" for i in range(250)], image, [""] * 250, [])

    for name in ("few", "many"):
        (tmp_path / name).mkdir()
    encode_to_parts(encode, many(20_000), tmp_path / "few", rows=5_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    encode_to_parts(encode, many(200_000), tmp_path / "many", rows=5_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KB; all rates with names take more
    assert len(list((tmp_path / "many").iterdir())) == 40
