"""The rivals without spikes: their latents by hand, and the mixture that follows the weights."""

from __future__ import annotations

import math

import pytest
import torch

from esvae_core import checkpoint
from esvae_core.baselines.annvae import ANNVAE, Gaussian, kl_to_standard_normal
from esvae_core.baselines.autoencoder import Autoencoder
from esvae_core.checkpoint import Header, save
from esvae_core.config import ANNVAEConfig, AutoencoderConfig, RunConfig, TrainConfig, parse
from esvae_core.data import load
from esvae_core.errors import InputError, KindError
from esvae_core.esvae import ESVAE
from esvae_core.training.objectives import StepContext, objective_of
from esvae_core.training.trainer import Hardware, train

SHAPE = {"image_size": 8, "channels": (2, 4), "latent_dim": 3}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def vae():
    torch.manual_seed(0)
    return ANNVAE(ANNVAEConfig(**SHAPE)).eval()


@pytest.fixture
def autoencoder():
    torch.manual_seed(0)
    return Autoencoder(AutoencoderConfig(**SHAPE, components=2)).eval()


def test_the_divergence_by_hand():
    posterior = Gaussian(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0, math.log(4)], [0.0, 0.0]]))
    assert kl_to_standard_normal(posterior).item() == pytest.approx((0.5 + 0.5 * (4 - 1 - math.log(4))) / 2)


def test_a_picture_is_decoded_from_a_draw_of_the_posterior(vae):
    images, normal = torch.rand(5, 1, 8, 8), torch.randn(5, 3)
    with torch.no_grad():
        pictures, posterior = vae(images, normal)
        wanted = vae.decode(posterior.mean + posterior.log_variance.exp().sqrt() * normal)
    torch.testing.assert_close(pictures, wanted)
    assert torch.equal(vae.features(images), posterior.mean)
    assert pictures.abs().max() < 1


def test_the_loss_weighs_the_divergence(vae):
    objective = objective_of(vae.train(), TrainConfig(kl_weight=0.25))
    images = torch.rand(6, 1, 8, 8)
    outputs = objective(images, *objective.noise(6, slice(0, 6), seeded(), StepContext(0, 0, 1, 1)))
    terms = objective.terms(images, outputs, StepContext(0, 0, 1, 1), lambda x: x)
    assert terms.total.item() == pytest.approx(terms.parts["mse"].item() + 0.25 * terms.parts["kl"].item())
    terms.total.backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in vae.parameters())


def test_new_codes_come_from_the_fitted_mixture(autoencoder):
    ends = torch.tensor([[5.0, 0.0, 0.0], [0.0, -5.0, 0.0]])
    autoencoder.fit_mixture(ends.repeat(200, 1) + 0.1 * torch.randn(400, 3, generator=seeded()), seeded())
    codes = autoencoder.sample(400, seeded(1)).codes
    nearest = torch.cdist(codes, ends).min(1)
    assert float(nearest.values.max()) < 0.6
    assert 150 < int(nearest.indices.sum()) < 250
    assert torch.equal(autoencoder.sample(9, seeded(1)).images, autoencoder.sample(9, seeded(1)).images)


def test_the_mixture_kept_is_that_of_the_weights_kept(tmp_path):
    """Fitted again to what the kept weights make of the training images, it is the same."""
    settings = {"epochs": 2, "batch_size": 256, "lr": 0.01, "ema_decay": 0.5, "seed": 4}
    data = {"dataset": "digits", "validation_fraction": 0.1}
    model = {"kind": "ae", "components": 3} | SHAPE
    config = parse(RunConfig, {"name": "x", "model": model, "data": data, "train": settings}, "test")
    loaded = checkpoint.load(train(config, tmp_path / "run", hardware=Hardware("cpu")), Autoencoder).model
    kept = {name: part.clone() for name, part in loaded.mixture._asdict().items()}
    images = load("digits", "train", image_size=8, channels=1, validation_fraction=0.1)
    objective_of(loaded, config.train).finalize(loaded, images)
    for name, part in loaded.mixture._asdict().items():
        torch.testing.assert_close(part, kept[name], rtol=1e-3, atol=1e-3)
    assert not torch.equal(kept["means"], torch.zeros(3, 3))


def test_what_does_not_fit_is_refused(vae, autoencoder, tmp_path):
    for model in (vae, autoencoder):
        with pytest.raises(InputError, match="images: expected"):
            model.reconstruct(torch.zeros(2, 1, 9, 9))
        with pytest.raises(InputError, match="latent vectors: expected shape"):
            model.decode(torch.zeros(2, 4))
        with pytest.raises(InputError, match="number of pictures"):
            model.sample(0)
    path = tmp_path / "x.safetensors"
    save(path, vae.state_dict(), Header(name="x", model=vae.config))
    assert type(checkpoint.load(path).model) is ANNVAE
    with pytest.raises(KindError, match="kind annvae; this is for esvae alone"):
        checkpoint.load(path, ESVAE)
