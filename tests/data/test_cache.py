import numpy as np
import pytest

from esvae_core.data import load
from esvae_core.data.cache import remember


class _Make:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return {"images": np.arange(5000, dtype=np.uint8).reshape(50, 100), "skipped": np.array(["a: b"])}


def check(arrays):
    assert np.array_equal(arrays["images"], _Make()()["images"])
    assert arrays["skipped"].tolist() == ["a: b"]
    assert set(arrays) == {"images", "skipped"}


def test_made_once_per_key(tmp_path):
    make = _Make()
    for key in ({"size": 32}, {"size": 32}, {"size": 64}):
        check(remember(tmp_path / "cache", key, make))
    assert make.calls == 2
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_new_format_is_another_key(tmp_path, monkeypatch):
    make = _Make()
    remember(tmp_path, {}, make)
    monkeypatch.setattr("esvae_core.data.cache.FORMAT", 2)
    remember(tmp_path, {}, make)
    assert make.calls == 2


def _flip(content):
    return content[:2000] + bytes([content[2000] ^ 1]) + content[2001:]


@pytest.mark.parametrize("damage", [lambda c: b"", lambda c: b"PK garbage", lambda c: c[: len(c) // 2], _flip])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    make = _Make()
    remember(tmp_path, {}, make)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    check(remember(tmp_path, {}, make))
    check(remember(tmp_path, {}, make))
    assert make.calls == 2


def test_a_file_of_another_key_is_not_believed(tmp_path):
    make = _Make()
    remember(tmp_path, {"size": 1}, make)
    (first,) = tmp_path.iterdir()
    remember(tmp_path, {"size": 2}, make)
    (second,) = set(tmp_path.iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    remember(tmp_path, {"size": 2}, make)
    assert make.calls == 3


def test_objects_are_not_unpickled(tmp_path):
    make = _Make()
    remember(tmp_path, {}, make)
    (path,) = tmp_path.iterdir()
    np.savez(path, key=np.array([{"a": 1}], object))
    check(remember(tmp_path, {}, make))
    assert make.calls == 2


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("in the way")
    make = _Make()
    for _ in range(2):
        check(remember(tmp_path / "file", {}, make))
    assert make.calls == 2


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    check(remember(tmp_path, {}, _Make()))
    assert list(tmp_path.iterdir()) == []


def test_load_resizes_once(mnist_dir, monkeypatch):
    def get():
        return load("mnist", "test", data_dir=mnist_dir, accept_other_hash=True)

    first = get()
    monkeypatch.setattr("esvae_core.data.idx.resize_all", None)
    assert np.array_equal(get().images, first.images)
    with pytest.raises(TypeError):
        load("mnist", "test", data_dir=mnist_dir, accept_other_hash=True, image_size=16)
