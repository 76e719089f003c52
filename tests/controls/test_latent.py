"""The latent that controls move, where it is a spike train: the explorer's counts, and their pictures."""

import numpy as np
import pytest

from esvae_core.config import FSVAEConfig
from esvae_core.controls.latent import Latent
from esvae_core.data import ImageSet
from esvae_core.errors import KindError
from esvae_core.esvae import SpikingCoder
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.explore.latent_interface import counts_of
from tests.baselines.made import warm_fsvae

STEPS = 6


@pytest.fixture(scope="module")
def model():
    return warm_fsvae(FSVAEConfig(image_size=16, channels=(4, 8), latent_dim=5, candidates=3, time_steps=STEPS))


@pytest.fixture(scope="module")
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 1, 16, 16), dtype=np.uint8)
    return ImageSet(pixels, np.zeros(40, np.int64), ("noise",), "noise", "test", "0" * 64, np.arange(40))


def test_heights_are_the_counts_that_the_explorer_shows(model, images):
    heights = Latent(model).heights(images)
    assert Latent(model).spiking
    assert 0 < heights.mean() < 1
    assert np.allclose(heights * STEPS, counts_of(model, images.tensor()), atol=1e-5)


def test_pictures_are_of_as_many_spikes_placed_evenly(model, images):
    latent = Latent(model)
    heights = latent.heights(images)
    found = latent.pictures(heights, 3)
    assert np.array_equal(found, latent.pictures(heights, 3))
    others = np.roll(heights, 1, axis=0)
    others[0] = heights[0]
    assert np.array_equal(found[0], latent.pictures(others, 3)[0]), "a row's noise does not depend on heights"
    full = np.ones_like(heights)  # a spike at every step, wherever the noise is
    wanted = decode_with_spikes(model, full[:1], seed=0, sampler="systematic", steps=STEPS).pixels
    off = np.abs(latent.pictures(full, 3)[0].transpose(1, 2, 0).astype(int) - wanted[0])
    assert off.max() <= 1
    assert np.abs(found.astype(int) - latent.pictures(full, 3)).mean() > 0.1, "pictures follow heights"


class Own(SpikingCoder):
    """A model of which nothing is known but its network."""

    reconstruct = sample = features = SpikingCoder.encode


def test_a_kind_whose_latent_is_not_known_is_refused():
    with pytest.raises(KindError, match="kind fsvae has a latent that is no vector of numbers"):
        Latent(Own(FSVAEConfig(image_size=16, channels=(4, 8), latent_dim=4, time_steps=2)))
