"""The importer of published feature autoencoders."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from esvae_core.errors import EsvaeError
from esvae_core.evaluation.feature_import import import_features
from esvae_core.evaluation.feature_net import features, load_features


class Published(nn.Module):
    """The published layout, tiny."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.LeakyReLU())
                for a, b in ((1, 4), (4, 6))
            )
        )
        self.latent_layer = nn.Linear(24, 3)
        self.decoder_input = nn.Linear(3, 24)

    def forward(self, x):
        return self.latent_layer(self.encoder(x).flatten(1))


@pytest.fixture
def published(tmp_path):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = Published()
        net(torch.randn(16, 1, 8, 8))
    torch.save(net.state_dict(), tmp_path / "net.pth")
    np.savez(tmp_path / "statistics.npz", mu=np.arange(3.0), sigma=np.eye(3))
    return net.eval()


def test_the_encoder_is_the_same_and_the_decoder_is_left_out(published, tmp_path):
    file = import_features(tmp_path / "net.pth", tmp_path / "statistics.npz", "made")
    images = torch.randn((5, 1, 8, 8), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        np.testing.assert_allclose(features(file.net, images), published(images).numpy(), atol=1e-6)
    assert (file.header.config.image_size, file.header.config.channels, file.header.licence) == (8, (4, 6), "MIT")
    np.testing.assert_array_equal(file.statistics.mean, [0, 1, 2])


@pytest.mark.parametrize(
    ("channels", "size", "count", "form"),
    [((32, 64, 128, 256), 32, 128, "bare"), ((32, 64, 128, 256), 32, 128, "half"), ((8, 8, 8, 8, 16), 64, 100, "net")],
)
def test_files_of_other_data_sets_have_other_shapes(channels, size, count, form, tmp_path):
    """As `cifar10_128.pth`: colours, another number of features, another depth; saved from several GPUs, or in half."""
    pairs = zip((3, *channels), channels, strict=False)
    blocks = [nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b)) for a, b in pairs]
    net = nn.ModuleDict({"encoder": nn.Sequential(*blocks)})
    net["latent_layer"] = nn.Linear(channels[-1] * (size // 2 ** len(channels)) ** 2, count)
    state = net.state_dict()
    if form == "half":
        state = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    if form == "net":
        state = {"net": {f"module.{name}": tensor for name, tensor in state.items()}, "epoch": 3}
    torch.save(state, tmp_path / "cifar10_128.pth")
    np.savez(tmp_path / "s.npz", mu=np.zeros(count, np.float32), sigma=np.eye(count, dtype=np.float32))
    file = import_features(tmp_path / "cifar10_128.pth", tmp_path / "s.npz", "cifar10")
    assert features(file.net, torch.zeros(2, 3, size, size)).shape == (2, count)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_shipped_files_are_what_the_importer_makes(name, fad_reference_dir):
    theirs = name.removesuffix("_mnist")
    made = import_features(fad_reference_dir / f"{theirs}_64.pth", fad_reference_dir / f"{theirs}_test_64.npz", name)
    from tests.evaluation.test_feature_net import SHIPPED

    shipped = load_features(SHIPPED / f"{name}.safetensors")
    assert shipped.header == made.header
    wanted = made.net.state_dict()
    assert all(torch.equal(tensor, wanted[key]) for key, tensor in shipped.net.state_dict().items())
    np.testing.assert_array_equal(shipped.statistics.mean, made.statistics.mean)
    np.testing.assert_array_equal(shipped.statistics.covariance, made.statistics.covariance)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"mu": np.zeros(3)}, "sigma"),
        ({"mu": np.zeros(2), "sigma": np.eye(2)}, "3 features"),
        ({"mu": np.full(3, np.nan), "sigma": np.eye(3)}, "finite"),
        ({"mu": np.zeros(3), "sigma": np.triu(np.ones((3, 3)))}, "sigma: expected a symmetric covariance"),
        ({"mu": np.zeros(3), "sigma": -np.eye(3)}, "sigma: expected variances of 0 or more"),
        ({"mu": np.zeros(3), "sigma": np.ones((3, 3)) - 0.9 * np.eye(3)}, "sigma: expected covariances that"),
    ],
)
def test_statistics_that_do_not_fit_are_named(arrays, words, published, tmp_path):
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(EsvaeError, match=words) as raised:
        import_features(tmp_path / "net.pth", tmp_path / "other.npz", "made")
    assert "other.npz" in str(raised.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("latent_layer.weight"), "no feature autoencoder"),
        (lambda s: s.pop("encoder.1.1.running_var"), r"encoder\.1\.1\.running_var: missing"),
        (lambda s: s.update({"latent_layer.weight": torch.zeros(3, 23)}), "expected"),
        (lambda s: s.update({"encoder.0.0.weight": torch.zeros(4)}), "no feature autoencoder"),
    ],
)
def test_weights_that_are_others_are_named(change, words, published, tmp_path):
    state = published.state_dict()
    change(state)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(EsvaeError, match=words):
        import_features(tmp_path / "other.pth", tmp_path / "statistics.npz", "made")
