"""What the suite says of FSVAE, against slow counts and against runs of the model itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from esvae_core.config import FSVAEConfig
from esvae_core.evaluation import perturbations
from esvae_core.evaluation.adapter import RateAdapter, SpikingAdapter, adapter_of
from esvae_core.evaluation.cost import cost
from esvae_core.evaluation.robustness import robustness
from esvae_core.seeds import generator

from ..baselines.made import warm_fsvae
from .made import image_set

CONFIG = FSVAEConfig(image_size=8, channels=(2, 4), latent_dim=5, time_steps=6, candidates=3)


@pytest.fixture(scope="module")
def model():
    return warm_fsvae(CONFIG)


@pytest.fixture(scope="module")
def test_set():
    return image_set(30, 1)


def fan_out(transform):
    """Synapses of an average input of a layer, those into the padding included."""
    if isinstance(transform, nn.Linear):
        return transform.out_features
    each = transform.weight[0].numel() if isinstance(transform, nn.ConvTranspose2d) else transform.weight[:, 0].numel()
    return each / transform.stride[0] ** 2 if isinstance(transform, nn.Conv2d) else each


class Counter:
    """Counts what comes into the layers while they run one by one, by plain convolutions, through `run` and `step`."""

    def __init__(self, *parts):
        self.additions = self.dense = self.updates = 0
        for layer in (module for part in parts for module in part.modules() if hasattr(module, "transform")):
            layer.transform.register_forward_hook(self._note)

    def _note(self, transform, given, output):
        spikes = int((given[0] == 1).sum())
        assert spikes == int((given[0] != 0).sum())
        self.additions += spikes * fan_out(transform)
        self.dense += given[0].numel() * fan_out(transform)
        self.updates += output.numel()


def figures(group):
    return {figure.name: figure.value for figure in group.figures}


def test_it_has_spikes_but_no_rates(model):
    adapter = adapter_of(model)
    assert isinstance(adapter, SpikingAdapter)
    assert not isinstance(adapter, RateAdapter)


@torch.no_grad()
def test_cost_is_what_a_slow_count_finds_layer_by_layer(model, test_set):
    found = figures(cost(adapter_of(model), test_set))
    slow, images, noise = warm_fsvae(CONFIG), test_set.tensor(), generator(0, "cost")
    behind = Counter(slow.encoder[1:], slow.to_latent, slow.posterior, slow.from_latent, slow.decoder)
    own = slow.trace_encode(images).layers["to_latent"].spikes
    spikes, _ = slow.posterior(own, slow.choices(30, noise))
    painted = slow.trace_decode(spikes).layers["decoder.1"].spikes
    # the first layer sees 2 channels of 4x4 outputs of 9 numbers; the readout 8x8 pixels of 2 channels, 9 taps
    first, readout, T, n = 9 * 2 * 16, 9 * 2 * 64, 6, 30
    numbers = first + readout
    membranes = behind.updates / n + T * 2 * 16
    additions = behind.additions / n + painted.sum().item() / n + numbers + membranes
    assert found["additions per image, event-driven"] == pytest.approx(additions, rel=1e-6)
    assert found["multiplications per image, event-driven"] == pytest.approx(numbers + membranes)
    assert found["multiply-adds per image, dense, all time steps"] == pytest.approx(behind.dense / n + numbers)
    ordinary = behind.dense / n / T + numbers
    assert found["multiply-adds per image, the same network without time"] == pytest.approx(ordinary)
    assert found["spikes per synapse and image"] == pytest.approx(behind.additions * T / behind.dense, rel=1e-6)
    energy = 0.9 * additions + 3.7 * (numbers + membranes)
    assert found["energy per image in uJ, event-driven, float32"] == pytest.approx(energy * 1e-6, rel=1e-6)
    assert found["energy per image in uJ, ordinary network of this shape, float32"] == pytest.approx(4.6e-6 * ordinary)
    assert 0 < found["energy per image in uJ, the same quantised to 5 bits"] < 4.6e-6 * ordinary / 10
    assert found["parameters"] == sum(p.numel() for p in model.parameters())

    prior = Counter(slow.prior)
    slow.prior.generate(slow.choices(30, noise))
    assert found["additions per new picture, event-driven"] == pytest.approx((prior.additions + prior.updates) / n)
    assert found["multiplications per new picture, event-driven"] == prior.updates / n
    assert found["multiply-adds per new picture, dense, all time steps"] == prior.dense / n
    assert prior.additions > 0


# ---- robustness ------------------------------------------------------------------------------------------------------


def drawn(model, images, noise, steps=None):
    """Latent spikes as the model itself draws them."""
    return model.draw(images, model.choices(len(images), noise, steps=steps))[0]


@torch.no_grad()
def test_its_spikes_its_images_and_its_time_can_be_damaged(model, test_set):
    group = robustness(adapter_of(model), test_set, seeds=2)
    assert not group.figures  # nothing that does not apply
    curves = {curve.name: curve for curve in group.curves}
    assert len(curves) == 7
    for name, curve in curves.items():
        assert len(set(curve.mean)) == len(curve.x), name
    images = test_set.tensor()
    for name, most, damage in (
        ("latent spikes flipped", 0.3, perturbations.flip),
        ("latent spikes deleted", 0.3, perturbations.delete),
        ("latent spikes moved in time", 4, perturbations.jitter),
        ("latent spike trains shuffled in time", 1, perturbations.shuffle),
    ):
        errors = []
        for seed in range(2):
            noise = generator(seed, "robustness", name)
            pictures = model.decode(damage(drawn(model, images, noise), most, noise))
            errors.append((pictures - images).square().mean().item())
        assert curves[f"MSE, {name}"].x[-1] == most
        assert curves[f"MSE, {name}"].mean[-1] == pytest.approx(sum(errors) / 2, rel=1e-5)


@torch.no_grad()
def test_its_time_steps_at_inference_are_those_of_encoder_latent_and_decoder(model, test_set):
    adapter, images = adapter_of(model), test_set.tensor()
    for steps in (4, 6, 16):
        spikes = adapter.latent_spikes(images, generator(0, "a"), steps)
        assert spikes.shape == (steps, 30, 5)
        assert torch.equal(spikes, drawn(model, images, generator(0, "a"), steps))
    undamaged = adapter.decode(adapter.latent_spikes(images, generator(0, "a")))
    assert torch.equal(undamaged, adapter.reconstruct(images, generator(0, "a")))
