"""FAD against the published values, on real images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from esvae_core.errors import InputError
from esvae_core.evaluation.fad import published_fad, sound_fad
from esvae_core.evaluation.feature_net import FeatureConfig, FeatureNet, features, load_features
from esvae_core.evaluation.frechet import gaussian

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "fad"

# images -> published protocol, evaluation mode against shipped statistics, the same against the test set's own
VALUES = {
    "mnist": {
        "first of test": (9.305, 9.827, 11.144),
        "first of train": (4.607, 4.798, 4.999),
        "last of train": (5.671, 5.745, 6.088),
        "mirrored": (134.925, 172.900, 174.722),
    },
    "fashion_mnist": {
        "first of test": (0.296, 0.757, 0.299),
        "first of train": (0.869, 1.315, 0.922),
        "last of train": (0.909, 1.290, 0.944),
        "mirrored": (74.358, 90.497, 90.001),
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VALUES)
def test_every_value_agrees_with_the_reference(name, real_images):
    file = load_features(SHIPPED / f"{name}.safetensors")

    def as_input(pixels):
        return torch.from_numpy(pixels.astype(np.float32)) / 127.5 - 1

    train, test = real_images(name, "train"), as_input(real_images(name, "test"))
    reference = gaussian(features(file.net, test))
    sets = {
        "first of test": test[:5120],
        "first of train": as_input(train[:5120]),
        "last of train": as_input(train[-5120:]),
        "mirrored": as_input(train[:5120, :, :, ::-1].copy()),
    }
    for what, images in sets.items():
        found = (
            published_fad(images, file.net, file.statistics),
            sound_fad(images, file.net, file.statistics),
            sound_fad(images, file.net, reference),
        )
        assert found == pytest.approx(VALUES[name][what], abs=0.01), what


def test_the_published_protocol_takes_the_first_5120_in_batches_of_128():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = FeatureNet(FeatureConfig(image_size=4, channels=(3,), features=4)).eval()
        images = torch.rand(5200, 1, 4, 4) * 2 - 1
    reference = gaussian(features(net, images))
    found = published_fad(images, net, reference)
    assert found == published_fad(images[:5120], net, reference)
    shuffled = images[:5120].view(40, 128, 1, 4, 4).flip(0).flatten(0, 1)  # whole batches may change places
    assert published_fad(shuffled, net, reference) == pytest.approx(found, abs=1e-9)
    with pytest.raises(InputError, match="5,120"):
        published_fad(images[:5119], net, reference)
