import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from esvae_core.data import DATASETS, fetch, load, verify
from esvae_core.errors import DataError, MissingDataError


def test_the_digits():
    train, validation, test = (load("digits", s, validation_fraction=0.1) for s in ("train", "validation", "test"))
    assert (len(train), len(validation), len(test)) == (1347, 150, 300)
    assert train.images.shape == (1347, 1, 32, 32)
    assert train.images.max() == 255
    assert np.bincount(test.labels).min() >= 29
    assert len({part.sha256 for part in (train, validation, test)}) == 1
    unseen = {image.tobytes() for image in test.images}
    assert not any(image.tobytes() in unseen for image in train.images)


def test_train_and_validation_share_the_source():
    for seed in (0, 1):
        train, validation = (load("digits", s, validation_seed=seed) for s in ("train", "validation"))
        assert sorted([*train.indices, *validation.indices]) == list(range(1497))
    assert not np.array_equal(validation.indices, load("digits", "validation").indices)
    assert len(load("digits", "validation", validation_fraction=0.5)) == 748


def test_size_and_channels():
    wanted = load("digits", "test", image_size=16)
    assert wanted.images.shape == (300, 1, 16, 16)
    colour = load("digits", "test", image_size=16, channels=3)
    assert np.array_equal(colour.images, np.repeat(wanted.images, 3, axis=1))


def test_tensor():
    test = load("digits", "test")
    whole = test.tensor()
    assert whole.dtype == torch.float32
    assert torch.equal(whole, torch.from_numpy(test.images).float() / 127.5 - 1)
    assert whole.min() == -1
    assert whole.max() == 1
    mask = test.labels == 3
    for index, count in ((5, 1), ([5, 6], 2), (slice(5, 9), 4), (np.array([5]), 1), ([], 0), (mask, mask.sum())):
        assert test.tensor(index).shape == (count, 1, 32, 32)
    assert torch.equal(test.tensor([5, 0]), whole[[5, 0]])
    assert torch.equal(test.tensor(mask), whole[torch.from_numpy(mask)])


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("imagenet", {}, "'imagenet': not known; there are digits, sprites, .*folder:PATH"),
        ("digits:8", {}, "digits takes no option"),
        ("digits", {"split": "dev"}, "split 'dev': expected train, validation, test"),
        ("digits", {"image_size": 0}, "image_size 0: expected 1 to 1024"),
        ("digits", {"channels": 2}, "channels 2: expected 1 or 3"),
        ("digits", {"validation_fraction": 1.0}, "validation_fraction 1.0"),
        ("digits", {"validation_fraction": float("nan")}, "validation_fraction nan"),
        ("digits", {"validation_seed": -1}, "validation_seed -1"),
    ],
)
def test_wrong_arguments_are_named(name, arguments, message):
    with pytest.raises(DataError, match=message):
        load(name, **{"split": "test", **arguments})


def test_the_table_agrees_with_what_is_loaded():
    for name in ("digits", "sprites"):
        spec = DATASETS[name]
        train, validation, test = (load(name, s) for s in ("train", "validation", "test"))
        assert spec.split_sizes == {"train": len(train) + len(validation), "test": len(test)}
        assert spec.class_names == test.class_names
        assert spec.image_channels == test.images.shape[1]
        assert fetch(name) == []
        assert verify(name) == []


def test_downloads_are_all_checked():
    for spec in DATASETS.values():
        for file in spec.files:
            assert not file.urls or (len(file.sha256) == 64 and file.size > 0)


def test_importing_is_quick():
    code = "import sys, esvae_core.data as d; print([m for m in ('torch', 'sklearn', 'pooch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_own_pictures_are_verified_by_reading_them(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "mine" / "a"
    place.mkdir(parents=True)
    for n in range(24):
        Image.fromarray(np.full((8, 8, 3), 10 * n, np.uint8)).save(place / f"{n}.png")
    (found,) = verify(f"folder:{place.parent}")
    assert (found.name, found.path, found.state) == ("folder:mine", place.parent, "ok")
    assert found.found == load(f"folder:{place.parent}", "train").sha256
    assert fetch(f"folder:{place.parent}") == [place.parent]
    with pytest.raises(MissingDataError, match="no such file; expected npz:FILE"):
        verify(f"npz:{tmp_path}/no.npz")
