"""A rival to measure."""

from __future__ import annotations

import torch

from esvae_core.baselines.fsvae import FSVAE


def warm_fsvae(config):
    """An FSVAE whose statistics have seen images, so that all its layers fire; in evaluation mode."""
    size = config.image_size
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(5)
        model = FSVAE(config)
        for name, tensor in model.named_parameters():
            if name.endswith("norm.bias"):
                tensor.uniform_(0, 0.2)
        for _ in range(20):
            model(torch.rand(16, 1, size, size) * 2 - 1, model.choices(16))
    return model.eval()
