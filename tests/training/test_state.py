"""The state of a run on disk, and where a run lies."""

from __future__ import annotations

import pytest
import torch

from esvae_core.cli.train import _run_folder
from esvae_core.errors import ConfigError, TrainingError
from esvae_core.training.state import RunState, load_state, save_state


@pytest.fixture
def path(tmp_path):
    save_state(tmp_path / "state.pt", RunState("{}", "ab", model={"w": torch.arange(1000.0)}))
    return tmp_path / "state.pt"


def test_a_state_comes_back(path):
    assert torch.equal(load_state(path).model["w"], torch.arange(1000.0))


def test_a_flipped_byte_of_a_weight_is_seen(path):
    raw = path.read_bytes()
    at = raw.index(torch.arange(1000.0).numpy().tobytes()) + 2002
    path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    with pytest.raises(TrainingError, match="damaged"):
        load_state(path)


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04" + bytes(99), bytes(range(256)) * 9])
def test_what_is_no_state_is_refused(content, path):
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="expected the state of a training run"):
        load_state(path)


@pytest.mark.parametrize("content", [{"config": 3, "dataset_sha256": "a"}, [1], {"config": "{}"}])
def test_a_state_of_other_values_is_refused(content, path):
    torch.save(content, path)
    with pytest.raises(TrainingError, match="expected the state of a training run"):
        load_state(path)


@pytest.mark.parametrize(
    "name", ["../../x", "/tmp/x", "a/b", "..", ".", "", "a\\b", "C:x", "a\0", "a\nb", "\ud800", "x" * 201]
)
def test_a_name_that_leads_elsewhere_is_refused(name):
    with pytest.raises(ConfigError, match="name: expected"):
        _run_folder(name, resume=False)


def test_default_folders_do_not_collide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    taken = []
    for _ in range(3):
        taken.append(_run_folder("näme x", resume=False).as_posix())
        (tmp_path / taken[-1]).mkdir(parents=True)
    assert taken == ["runs/näme x", "runs/näme x-2", "runs/näme x-3"]
    assert _run_folder("näme x", resume=True).as_posix() == "runs/näme x"
