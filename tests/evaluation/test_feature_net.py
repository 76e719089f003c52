"""The feature network against the reference's features, and its file against damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from esvae_core.errors import CheckpointContentError, InputError, NotACheckpointError
from esvae_core.evaluation.feature_net import (
    FeatureConfig,
    FeatureFile,
    FeatureHeader,
    FeatureNet,
    features,
    load_features,
    save_features,
)
from esvae_core.evaluation.frechet import gaussian

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "fad"
SMALL = FeatureConfig(image_channels=3, image_size=8, channels=(4, 6), features=5)


@pytest.fixture
def net():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = FeatureNet(SMALL)
        net(torch.randn(32, 3, 8, 8))  # moves the running statistics
    return net.eval()


@pytest.fixture
def images():
    return torch.rand((10, 3, 8, 8), generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture
def saved(net, images, tmp_path):
    header = FeatureHeader(dataset="made", config=SMALL, statistics="test", origin="a test", licence="MIT")
    path = tmp_path / "net.safetensors"
    save_features(path, FeatureFile(net, gaussian(features(net, images)), header))
    return path


@pytest.mark.parametrize(("name", "theirs"), [("mnist", "mnist"), ("fashion_mnist", "fashion")])
def test_features_are_those_of_the_reference(name, theirs, fad_reference_dir, real_images):
    net = load_features(SHIPPED / f"{name}.safetensors").net
    images = torch.from_numpy(real_images(name, "test")[:256].astype(np.float32)) / 127.5 - 1
    with np.load(fad_reference_dir / f"{theirs}_features.npz") as reference:
        np.testing.assert_allclose(features(net, images), reference["eval_mode"], atol=1e-4)
        np.testing.assert_allclose(features(net, images, mode="batch"), reference["batch_mode"], atol=1e-4)


def test_a_file_comes_back_as_it_was(saved, net, images):
    loaded = load_features(saved)
    np.testing.assert_array_equal(features(loaded.net, images), features(net, images))
    found = gaussian(features(net, images))
    np.testing.assert_array_equal(loaded.statistics.mean, found.mean)
    np.testing.assert_array_equal(loaded.statistics.covariance, found.covariance)
    assert (loaded.header.dataset, loaded.header.config) == ("made", SMALL)


def test_batch_mode_is_the_training_mode_and_leaves_no_trace(net, images):
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    found = features(net, images, mode="batch", batch_size=6)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    with torch.no_grad():
        wanted = torch.cat([net.train()(part) for part in images.split(6)]).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert np.abs(found - features(net.eval(), images)).max() > 0.01


def test_running_features_do_not_depend_on_the_batch(net, images):
    np.testing.assert_allclose(features(net, images, batch_size=3), features(net, images), atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (2, 3, 16, 16), (0, 3, 8, 8), (3, 8, 8)])
def test_images_of_another_shape_are_refused(shape, net):
    with pytest.raises(InputError, match=r"\(N, 3, 8, 8\)"):
        features(net, torch.zeros(shape))


def test_other_files_are_refused(tmp_path, saved):
    with pytest.raises(NotACheckpointError, match="no such file"):
        load_features(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    with pytest.raises(NotACheckpointError, match=r"bad\.safetensors"):
        load_features(tmp_path / "bad.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(NotACheckpointError, match="no feature network"):
        load_features(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t, h: t.pop("norms.1.bias"), r"norms\.1\.bias: missing"),
        (lambda t, h: t.update({"norms.1.bias": torch.zeros(7)}), r"norms\.1\.bias: expected \(6,\), found \(7,\)"),
        (lambda t, h: t["to_features.bias"].fill_(float("nan")), r"to_features\.bias: expected finite"),
        (
            lambda t, h: t.update({"statistics.mean": torch.zeros(4)}),
            r"statistics\.mean: expected \(5,\), found \(4,\)",
        ),
        (lambda t, h: h.update(text=h["text"].replace('"test"', '"validation"')), "header: statistics"),
        (lambda t, h: h.update(text="{"), "header: expected JSON"),
    ],
)
def test_damage_is_named(change, words, saved, tmp_path):
    from safetensors import safe_open

    with safe_open(saved, "pt") as file:
        header = {"text": file.metadata()["esvae-fad"]}
    tensors = load_file(saved)
    change(tensors, header)
    path = tmp_path / "changed.safetensors"
    save_file(tensors, path, {"esvae-fad": header["text"]})
    with pytest.raises(CheckpointContentError, match=words) as raised:
        load_features(path)
    assert str(path) in str(raised.value)
