import copy
import dataclasses
import io
import json
import zipfile

import numpy as np
import pytest
import torch

from esvae_core.errors import CorruptDataError, InputError
from esvae_core.explore import atlas


@pytest.fixture(scope="module")
def made(model, images):
    return atlas.build(model, images, count=200, seed=1)


@pytest.fixture
def saved(made, tmp_path):
    path = tmp_path / "m.atlas.npz"
    atlas.save(path, made)
    return path


def test_it_holds_what_the_encoder_says(model, images, made):
    rows = made.indices - 1000
    with torch.no_grad():
        rates = model.encode(images.tensor(rows)).rates.numpy()
    assert len(made) == len(set(rows.tolist())) == 200
    assert np.array_equal(made.rates, rates)
    assert np.array_equal(made.labels, images.labels[rows])
    assert made.counts.dtype == np.uint8


def test_tiles_show_the_classes_in_turn(made):
    assert made.tiles.shape == (64, 16, 16, 1)
    assert made.labels[made.tile_positions][:6].tolist() == [0, 1, 2, 0, 1, 2]


def test_the_choice_follows_from_the_seed(model, images, made):
    assert np.array_equal(atlas.build(model, images, count=200, seed=1).indices, made.indices)
    assert not np.array_equal(atlas.build(model, images, count=200, seed=2).indices, made.indices)


def test_few_images_are_all_taken(model, images):
    few = atlas.build(model, images.take(np.arange(5), "test"), count=2000)
    assert len(few) == len(few.tiles) == 5


def test_no_images_are_refused(model, images):
    with pytest.raises(InputError, match="expected at least one image"):
        atlas.build(model, images.take(np.arange(0), "test"))


def test_a_file_brings_everything_back(made, saved):
    read = atlas.load(saved)
    for field in dataclasses.fields(atlas.Atlas):
        mine, theirs = getattr(made, field.name), getattr(read, field.name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype, field.name
            assert np.array_equal(mine, theirs), field.name
        else:
            assert mine == theirs, field.name


def test_the_same_atlas_is_the_same_bytes(made, saved, tmp_path):
    atlas.save(tmp_path / "again.npz", made)
    assert saved.read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_a_full_atlas_is_small(made, tmp_path):
    rng = np.random.default_rng(0)
    big = dataclasses.replace(
        made,
        counts=rng.integers(0, 17, (2000, 32)).astype(np.uint8),
        labels=rng.integers(0, 3, 2000),
        indices=rng.permutation(10_000)[:2000],
        tiles=rng.integers(0, 256, (64, 32, 32, 1)).astype(np.uint8),
        effect=rng.random(32, np.float32),
        time_steps=16,
    )
    atlas.save(tmp_path / "big.npz", big)
    assert (tmp_path / "big.npz").stat().st_size < 300_000
    assert len(atlas.load(tmp_path / "big.npz")) == 2000


def test_the_hash_is_of_the_tensors(model, made):
    other = copy.deepcopy(model)
    assert atlas.content_hash(other.state_dict()) == made.checkpoint_sha256
    with torch.no_grad():
        other.readout.bias += 1e-4
    assert atlas.content_hash(other.state_dict()) != made.checkpoint_sha256


def test_it_lies_beside_its_checkpoint():
    assert atlas.beside("a/b.v1.safetensors").as_posix() == "a/b.v1.atlas.npz"


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 and no more"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.atlas.npz"
    path.write_bytes(content)
    with pytest.raises(CorruptDataError, match=r"x\.atlas\.npz: expected an atlas written by esvae"):
        atlas.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CorruptDataError, match="No such file"):
        atlas.load(tmp_path / "x.atlas.npz")


def test_damage_is_found(saved):
    whole = saved.read_bytes()
    for cut in range(0, len(whole), len(whole) // 13):
        saved.write_bytes(whole[:cut])
        with pytest.raises(CorruptDataError):
            atlas.load(saved)


def test_pickles_are_not_executed(saved):
    _rewrite(saved, counts=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CorruptDataError, match="allow_pickle"):
        atlas.load(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": np.zeros((200, 6), np.float32)}, "counts: found numbers of type float32"),
        ({"counts": np.full((200, 6), 9, np.uint8)}, "counts: expected numbers from 0 to 8"),
        ({"counts": np.zeros((7, 6), np.uint8)}, r"labels: found shape \(200,\)"),
        ({"labels": np.full(200, 3, np.uint8)}, "labels: expected numbers from 0 to 2"),
        ({"tile_positions": np.full(64, 200, np.uint32)}, "tile_positions: expected numbers from 0 to 199"),
        ({"effect": np.full(6, np.nan, np.float32)}, "effect: found NaN"),
        ({"more": np.zeros(3)}, "expected counts, labels"),
    ],
)
def test_parts_that_do_not_fit_are_named(saved, change, message):
    _rewrite(saved, **change)
    with pytest.raises(CorruptDataError, match=f"damaged atlas: {message}"):
        atlas.load(saved)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format_version", 2, "expected an atlas of version 1, found 2"),
        ("time_steps", "16", "time_steps: expected int, found '16'"),
        ("class_names", None, "class_names: expected list, found None"),
    ],
)
def test_words_that_do_not_fit_are_named(saved, field, value, message):
    with np.load(saved) as file:
        about = json.loads(file["about"].tobytes())
    about[field] = value
    _rewrite(saved, about=np.frombuffer(json.dumps(about).encode(), np.uint8))
    with pytest.raises(CorruptDataError, match=message):
        atlas.load(saved)


def test_a_small_file_that_claims_to_be_huge_is_refused(tmp_path):
    path = tmp_path / "bomb.atlas.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("counts.npy", "w") as entry:
        block = bytes(2**20)
        for _ in range(257):
            entry.write(block)
    assert path.stat().st_size < 2**20
    with pytest.raises(CorruptDataError, match="expected an atlas of at most"):
        atlas.load(path)


def _rewrite(path, **changed):
    with np.load(path) as file:
        parts = {name: file[name] for name in file.files} | changed
    content = io.BytesIO()
    np.savez_compressed(content, **parts)
    path.write_bytes(content.getvalue())
