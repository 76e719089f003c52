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
from esvae_core.explore.dimensions import Contrast
from esvae_core.explore.map import Layout, MapSettings, RateMap


@pytest.fixture(scope="module")
def made(model, images):
    return atlas.build(model, images, count=200, seed=1, layout=MapSettings(neighbors=8))


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
    again = atlas.build(model, images, count=200, seed=1)
    assert np.array_equal(again.indices, made.indices)
    assert again.map is None
    assert not np.array_equal(atlas.build(model, images, count=200, seed=2).indices, made.indices)


def test_each_error_is_that_of_the_picture_shown(model, images, made):
    assert made.errors.shape == (200,)
    truth = images.images[made.indices[made.tile_positions] - 1000].transpose(0, 2, 3, 1)
    shown = ((made.tiles / 127.5 - truth / 127.5) ** 2).mean(axis=(1, 2, 3))
    assert np.allclose(made.errors[made.tile_positions], shown)


def test_it_says_what_it_is_doing(model, images):
    told = []
    atlas.build(model, images, count=60, layout=MapSettings(neighbors=5), report=lambda *call: told.append(call))
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["encoding", "decoding", "dimensions", "map"]
    assert all(0 <= share <= 1 for _, share in told)


def test_few_images_are_all_taken(model, images):
    few = atlas.build(model, images.take(np.arange(5), "test"), count=2000)
    assert len(few) == len(few.tiles) == 5
    assert atlas.build(model, images.take(np.arange(1), "test"), layout=MapSettings()).contrast is None


def test_no_images_are_refused(model, images):
    with pytest.raises(InputError, match="expected at least one image"):
        atlas.build(model, images.take(np.arange(0), "test"))


def _same(mine, theirs, where):
    if dataclasses.is_dataclass(mine):
        for field in dataclasses.fields(mine):
            _same(getattr(mine, field.name), getattr(theirs, field.name), f"{where}.{field.name}")
    elif isinstance(mine, np.ndarray):
        assert mine.dtype == theirs.dtype, where
        assert np.array_equal(mine, theirs), where
    else:
        assert mine == theirs, where


def test_a_file_brings_everything_back(made, saved):
    assert made.map is not None
    _same(made, atlas.load(saved), "atlas")


def test_a_file_without_the_map_brings_the_rest(made, tmp_path):
    poor = dataclasses.replace(made, map=None, contrast=None, errors=None)
    atlas.save(tmp_path / "poor.npz", poor)
    _same(poor, atlas.load(tmp_path / "poor.npz"), "atlas")


def test_a_file_of_version_1_is_read(made, tmp_path):
    poor = dataclasses.replace(made, map=None, contrast=None, errors=None)
    path = tmp_path / "old.npz"
    atlas.save(path, poor)
    with np.load(path) as file:
        about = json.loads(file["about"].tobytes())
    _rewrite(path, about=np.frombuffer(json.dumps(about | {"format_version": 1}).encode(), np.uint8))
    _same(poor, atlas.load(path), "atlas")


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
        errors=rng.random(2000, np.float32),
        contrast=Contrast(rng.random(32, np.float32), rng.random(32, np.float32), rng.random(32) > 0.5),
        map=RateMap(MapSettings(), *(_noise_layout(rng, axes) for axes in (2, 3))),
        time_steps=16,
    )
    atlas.save(tmp_path / "big.npz", big)
    assert (tmp_path / "big.npz").stat().st_size < 300_000
    assert len(atlas.load(tmp_path / "big.npz")) == 2000


def _noise_layout(rng, axes):
    positions = rng.integers(0, 2**16, (2000, axes)).astype(np.uint16)
    return Layout(positions, 0.9, rng.integers(0, 256, 2000).astype(np.uint8))


def test_the_hash_is_of_the_tensors(model, made):
    other = copy.deepcopy(model)
    assert atlas.weights_hash(other.state_dict()) == made.checkpoint_sha256
    with torch.no_grad():
        other.readout.bias += 1e-4
    assert atlas.weights_hash(other.state_dict()) != made.checkpoint_sha256


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
        ({"errors": np.zeros(7, np.float32)}, r"errors: found shape \(7,\)"),
        ({"moved": np.full(6, np.inf, np.float32)}, "moved: found NaN"),
        ({"clear": np.zeros(6, np.float32)}, "clear: found numbers of type float32"),
        ({"map_2d": np.zeros((200, 3), np.uint16)}, r"map_2d: found shape \(200, 3\)"),
        ({"trust_3d": np.full(200, 256, np.uint16)}, "trust_3d: expected numbers from 0 to 255"),
    ],
)
def test_parts_that_do_not_fit_are_named(saved, change, message):
    _rewrite(saved, **change)
    with pytest.raises(CorruptDataError, match=f"damaged atlas: {message}"):
        atlas.load(saved)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format_version", 3, "expected an atlas of version 1 to 2, found 3"),
        ("format_version", "2", "expected an atlas of version 1 to 2, found '2'"),
        ("map", None, "expected counts, labels"),
        ("map", [], "map: expected its settings and trust_2d"),
        ("map", {"trust_2d": 0.5, "trust_3d": 0.5, "neighbors": 999}, "map: neighbors: expected 2 to 200, got 999"),
        ("map", {"trust_2d": 0.5, "trust_3d": 0.5, "colour": 1}, "map: .*unexpected keyword"),
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
    with pytest.raises(CorruptDataError, match=r"expected an atlas .* at most"):
        atlas.load(path)


@pytest.mark.parametrize("missing", ["map_3d", "redrawn", "effect"])
def test_a_part_that_is_missing_is_noticed(saved, missing):
    _rewrite(saved, **{missing: None})
    with pytest.raises(CorruptDataError, match="damaged atlas: expected counts, labels"):
        atlas.load(saved)


def _rewrite(path, **changed):
    with np.load(path) as file:
        parts = {name: file[name] for name in file.files} | changed
    content = io.BytesIO()
    np.savez_compressed(content, **{name: part for name, part in parts.items() if part is not None})
    path.write_bytes(content.getvalue())
