"""ESVAE: a variational autoencoder of spiking neurons whose latent is a vector of firing rates.

    >>> import torch, esvae_core
    >>> model = esvae_core.load("checkpoints/mnist.safetensors").model
    >>> sample = model.sample(64, torch.Generator().manual_seed(1))
    >>> esvae_core.grid(sample.images, scale=2).save("samples.png")

Importing this package sets nothing: no seeds, folders, loggers or environment variables.
"""

from esvae_core.checkpoint import Checkpoint, load, save
from esvae_core.config import PRESETS, ModelConfig, NeuronConfig, RunConfig, preset
from esvae_core.errors import EsvaeError
from esvae_core.esvae import ESVAE, Posterior, Trace
from esvae_core.pictures import grid
from esvae_core.published import read_published

__all__ = [
    "ESVAE",
    "PRESETS",
    "Checkpoint",
    "EsvaeError",
    "ModelConfig",
    "NeuronConfig",
    "Posterior",
    "RunConfig",
    "Trace",
    "grid",
    "load",
    "preset",
    "read_published",
    "save",
]
