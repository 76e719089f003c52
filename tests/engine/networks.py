"""Networks for the tests of the engine: of any shape, and warm enough that every layer fires."""

from __future__ import annotations

import torch

from esvae_core import ESVAE, ModelConfig, NeuronConfig
from esvae_core.baselines.ann import ANNCoder
from esvae_core.config import ImageModelConfig
from esvae_core.layers import SpikingLayer
from esvae_core.model_kinds import build

SOFT = NeuronConfig(leak=0.9, threshold=0.3, reset="soft")

CONFIGS = {
    "published": ModelConfig(image_size=32, channels=(4, 8, 8, 16), latent_dim=8, time_steps=5),
    "colour-64": ModelConfig(
        image_channels=3, image_size=64, channels=(3, 5, 4, 6, 7), latent_dim=9, time_steps=3, latent_neuron=SOFT
    ),
    "soft": ModelConfig(image_size=8, channels=(40, 33), latent_dim=2, time_steps=6, neuron=SOFT, readout_decay=1.0),
    "learned": ModelConfig(
        image_size=16,
        channels=(5, 9),
        latent_dim=6,
        time_steps=6,
        neuron=SOFT.model_copy(update={"learned_leak": True}),
        latent_neuron=NeuronConfig(learned_leak=True),
        learned_readout=True,
    ),
    "fitted": ModelConfig(image_size=8, channels=(4,), latent_dim=7, time_steps=4, prior_components=3),
    "snapped": ModelConfig(
        image_size=8, channels=(4,), latent_dim=3, time_steps=4, prior_components=2, prior_snap=True
    ),
    "wide": ModelConfig(image_size=8, channels=(70, 200), latent_dim=130, time_steps=3),
    "shallow": ModelConfig(image_channels=3, image_size=10, channels=(5,), latent_dim=37, time_steps=1),
}


def network(config: ModelConfig, seed: int = 0) -> ESVAE:
    """A network in evaluation mode whose normalisations, statistics included, are drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = ESVAE(config)
        for layer in model.modules():
            if isinstance(layer, SpikingLayer):
                norm, threshold = layer.norm, layer.neuron.threshold
                norm.weight.uniform_(0.5, 2.0, generator=generator)
                norm.bias.uniform_(0, threshold, generator=generator)
                norm.running_mean.uniform_(-0.1, 0.1, generator=generator)
                norm.running_var.uniform_(0.02, 0.2, generator=generator)
                if layer.leak_logit is not None:
                    layer.leak_logit.uniform_(-3, 3, generator=generator)
        if model.readout_leak.leak_logit is not None:
            model.readout_leak.leak_logit.uniform_(-1, 3, generator=generator)
        if model.fitted is not None:
            for values in model.fitted.buffers():
                values.uniform_(0.1, 0.7, generator=generator)
    return model.eval()


def rival(config: ImageModelConfig, seed: int = 0) -> ANNCoder:
    """A model without spikes in evaluation mode, statistics and mixture drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = build(config)
        assert isinstance(model, ANNCoder)
        for layer in model.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                    values.uniform_(0.1, 1, generator=generator)
        model.from_latent.weight.mul_(6)  # so that the picture depends visibly on the code
        model.readout.weight.mul_(6)
        for name, values in model.named_buffers():
            if name == "mixture_means":
                values.normal_(0, 0.5, generator=generator)
            elif name == "mixture_weights":
                values.copy_(torch.arange(1, len(values) + 1) / (len(values) * (len(values) + 1) / 2))
            elif name == "mixture_factors":
                values.copy_(torch.randn(values.shape, generator=generator).tril() * 0.4)
    return model.eval()


def picture(config: ModelConfig, seed: int = 0) -> torch.Tensor:
    """(1, C, H, W) in [-1, 1]."""
    return torch.rand(1, *config.image_shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def train(config: ModelConfig, steps: int, seed: int = 0) -> torch.Tensor:
    """(T, 1, d) spikes."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(steps, 1, config.latent_dim, generator=generator) < 0.4).float()
