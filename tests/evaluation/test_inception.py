"""What torch-fidelity is given of a file of Inception weights: tensors, and nothing that runs."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from esvae_core.errors import EsvaeError, InputError
from esvae_core.evaluation.inception import inception_scores

STATE = {
    "fc.weight": torch.arange(6.0).reshape(2, 3),
    "bn.running_var": torch.ones(3),
    "bn.num_batches_tracked": torch.tensor(7),
}
PICTURES = torch.linspace(-1, 1, 2 * 8 * 8).reshape(2, 1, 8, 8)


@pytest.fixture
def given(monkeypatch):
    """Stands in for the package, and loads weights as it does: whatever the file would run, runs."""
    loaded = []

    def calculate_metrics(**options):
        state = torch.load(options["feature_extractor_weights_path"], weights_only=False)
        if state.keys() != {"fc.weight", "bn.running_var"}:
            raise RuntimeError("Error(s) in loading state_dict for Net:\n\tMissing key(s)")
        loaded.append((state, options["input1"][0]))
        kid = {"kernel_inception_distance_mean": 2.0, "kernel_inception_distance_std": 0.5}
        score = {"inception_score_mean": 3.0, "inception_score_std": 0.25}
        return {"frechet_inception_distance": 1.0} | kid | score

    package = ModuleType("torch_fidelity")
    package.calculate_metrics = calculate_metrics
    monkeypatch.setitem(sys.modules, "torch_fidelity", package)
    return loaded


@pytest.mark.parametrize("form", ["bare", "wrapped", "half"])
def test_the_weights_arrive(form, given, tmp_path):
    state = STATE
    if form == "wrapped":
        state = {"state_dict": {f"module.{name}": tensor for name, tensor in STATE.items()}, "epoch": 3}
    if form == "half":
        state = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in STATE.items()}
    torch.save(state, tmp_path / "it.pth")
    scores = inception_scores(PICTURES, PICTURES, tmp_path / "it.pth")
    assert scores == {"FID": (1.0, None), "KID": (2.0, 0.5), "Inception score": (3.0, 0.25)}
    ((loaded, picture),) = given
    assert torch.equal(loaded["fc.weight"], STATE["fc.weight"])
    assert loaded["fc.weight"].dtype == torch.float32
    assert (picture.shape, picture.dtype) == ((3, 8, 8), torch.uint8)


class Runs:
    """Whoever unpickles it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["runs", "text", "empty", "missing", "folder", "other", "numbers", "nan"])
def test_files_of_another_kind_run_nothing_and_are_one_line(name, given, tmp_path):
    path, trace = tmp_path / f"{name}.pth", tmp_path / "it ran"
    contents = {
        "runs": STATE | {"more": Runs(trace)},
        "other": {"weight": torch.ones(3)},
        "numbers": STATE | {"fc.weight": torch.arange(6)},
        "nan": STATE | {"fc.weight": torch.full((2, 3), torch.nan)},
    }
    if name in contents:
        torch.save(contents[name], path)
    elif name == "folder":
        path.mkdir()
    elif name != "missing":
        path.write_text("hello" if name == "text" else "")
    with pytest.raises(EsvaeError) as caught:
        inception_scores(PICTURES, PICTURES, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)
    assert not trace.exists()
    assert given == []


def test_a_package_that_does_not_start_is_one_line(monkeypatch, tmp_path):
    torch.save(STATE, tmp_path / "it.pth")
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(InputError, match=r"pip install esvae\[inception\]"):
        inception_scores(PICTURES, PICTURES, tmp_path / "it.pth")

    class Broken(ModuleType):
        def __getattr__(self, name):
            raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setitem(sys.modules, "torch_fidelity", Broken("torch_fidelity"))
    with pytest.raises(InputError, match=r"torch-fidelity does not start: operator torchvision::nms does not exist$"):
        inception_scores(PICTURES, PICTURES, tmp_path / "it.pth")
