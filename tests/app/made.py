"""Small made-up models, so that no test needs a download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from esvae_core import checkpoint
from esvae_core.baselines.fsvae import FSVAE
from esvae_core.checkpoint import Metric
from esvae_core.config import FSVAEConfig, ModelConfig
from esvae_core.data import ImageSet
from esvae_core.esvae import ESVAE
from esvae_core.explore import atlas
from esvae_core.explore.map import Layout, MapSettings, RateMap, quantised, trust

if TYPE_CHECKING:
    from esvae_core.explore.latent_interface import Explorable


def small_model(seed: int = 0, **settings: object) -> ESVAE:
    """A network of a few neurons, awake, whose pictures depend visibly on its rates."""
    given = {"image_size": 16, "channels": (8, 8), "latent_dim": 6, "time_steps": 8} | settings
    torch.manual_seed(seed)
    model = ESVAE(ModelConfig(**given)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)  # an untrained network is silent
    return model


def film_model() -> ESVAE:
    """A small model of recordings, with steps before the first frame."""
    return small_model(2, frames=True, image_channels=2, time_steps=4, lead_steps=2, readout_decay=0.5)


def small_fsvae() -> FSVAE:
    """A network whose latent spikes go on step by step, awake."""
    torch.manual_seed(0)
    model = FSVAE(FSVAEConfig(channels=(4, 8), latent_dim=5, candidates=3, time_steps=6)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)
            elif name.endswith("norm.bias"):
                parameter.add_(0.15)
    return model


def small_set(model: Explorable, count: int = 80) -> ImageSet:
    """Stripes of ten widths, with noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 10
    size, channels = model.config.image_size, model.config.image_channels
    waves = np.sin(np.arange(size)[None] * (labels[:, None] + 1) / 4)
    images = 127.5 + 100 * np.broadcast_to(waves[:, None, None], (count, channels, size, size))
    images = np.clip(images + rng.normal(0, 20, images.shape), 0, 255).astype(np.uint8)
    return ImageSet(images, labels, tuple("abcdefghij"), "stripes", "test", "0" * 64, np.arange(count))


def plain_map(rates: np.ndarray) -> RateMap:
    """A map by principal components, since compiling UMAP takes longer than a test should."""
    centred = rates - rates.mean(0)
    parts = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    layouts = []
    for axes in (2, 3):
        positions = quantised(parts[:, :axes])
        each = trust(rates, positions)
        layouts.append(Layout(positions, float(each.mean()), np.rint(255 * each).astype(np.uint8)))
    return RateMap(MapSettings(), *layouts)


def shelve(
    folder: Path, name: str, model: Explorable, *, with_atlas: bool = True, metrics: Sequence[Metric] = ()
) -> Path:
    """Write a checkpoint, and an atlas beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    checkpoint.save(path, model.state_dict(), checkpoint.Header(name=name, model=model.config, metrics=tuple(metrics)))
    if with_atlas:
        made = atlas.build(model, small_set(model))
        atlas.save(atlas.beside(path), replace(made, map=plain_map(made.rates)))
    return path
