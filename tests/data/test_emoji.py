import numpy as np
import pytest

from esvae_core.data import load
from esvae_core.errors import CorruptDataError, DataError


@pytest.fixture
def arrays():
    """Forty emoji in two categories; every fourth has two variants."""
    names = [f"e{k}" for k in range(40)] + [f"e{k}:{tone}" for k in range(0, 40, 4) for tone in ("1F3FB", "1F3FF")]
    base = np.array([int(name.split(":")[0][1:]) for name in names])
    images = np.zeros((len(names), 64, 64, 3), np.uint8)
    images[:] = (base * 5)[:, None, None, None]
    return {
        "images": images,
        "labels": (base % 2).astype(np.uint8),
        "class_names": np.array(["even", "odd"]),
        "names": np.array(names),
        "skin_tone_variant": np.array([":" in name for name in names]),
    }


def save(folder, arrays, **changed):
    np.savez(folder / "emoji64.npz", **{**arrays, **changed})


def test_variants_are_left_out_and_splits_are_stratified(tmp_path, arrays):
    save(tmp_path, arrays)
    parts = [load("emoji", s, data_dir=tmp_path, accept_other_hash=True) for s in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [30, 3, 7]
    assert sorted(i for part in parts for i in part.indices) == sorted([*range(33), *range(7)])
    assert abs(int(parts[2].labels.sum()) - 3.5) < 1
    assert parts[0].images.shape == (30, 3, 32, 32)
    assert parts[0].class_names == ("even", "odd")


def test_variants_stay_with_the_emoji_they_vary(tmp_path, arrays):
    save(tmp_path, arrays)
    plain = load("emoji", "test", data_dir=tmp_path, accept_other_hash=True)
    every = load("emoji:all", "test", data_dir=tmp_path, accept_other_hash=True)
    bases = plain.images[:, 0, 0, 0].tolist()
    assert set(every.images[:, 0, 0, 0].tolist()) == set(bases)
    assert len(every) == len(bases) + 2 * sum(level % 20 == 0 for level in bases)
    with pytest.raises(DataError, match="expected emoji or emoji:all"):
        load("emoji:some", "test", data_dir=tmp_path, accept_other_hash=True)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"images": np.zeros((3, 64, 64, 3), np.float32)}, "images of float32"),
        ({"labels": np.zeros(3, np.uint8)}, "one label, name and variant mark for each of 60"),
        ({"labels": np.full(60, 2)}, "labels from 0 to 1"),
        ({"skin_tone_variant": np.zeros(60, np.uint8)}, "true or false"),
        ({"names": np.array([None] * 60, object)}, "Object arrays cannot be loaded"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, arrays, changed, message):
    save(tmp_path, arrays, **changed)
    with pytest.raises(CorruptDataError, match=message):
        load("emoji", "train", data_dir=tmp_path, accept_other_hash=True)


def test_garbage_is_refused(tmp_path):
    (tmp_path / "emoji64.npz").write_bytes(b"PK\x03\x04 garbage")
    with pytest.raises(CorruptDataError, match=r"expected an \.npz file with images"):
        load("emoji", "train", data_dir=tmp_path, accept_other_hash=True)
