"""ESVAE: a variational autoencoder of spiking neurons whose latent is a vector of firing rates.

    >>> import torch, esvae_core
    >>> model = esvae_core.load("checkpoints/mnist.safetensors", esvae_core.ESVAE).model
    >>> sample = model.sample(64, torch.Generator().manual_seed(1))
    >>> esvae_core.grid(sample.images, scale=2).save("samples.png")

Importing this package sets nothing: no seeds, folders, loggers or environment variables. Its names are imported when
they are used, so that a part of it that needs no PyTorch does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from esvae_core.checkpoint import Checkpoint, load, save
    from esvae_core.config import ModelConfig, NeuronConfig, RunConfig
    from esvae_core.errors import EsvaeError
    from esvae_core.esvae import ESVAE, Posterior, Trace
    from esvae_core.explore.decode_rates import decode_codes, decode_rates
    from esvae_core.explore.fixed_point import to_fixed_point
    from esvae_core.explore.recipe import Recipe
    from esvae_core.explore.recipe_files import read_recipe
    from esvae_core.explore.replay import replay
    from esvae_core.notebook import widget
    from esvae_core.pictures import grid
    from esvae_core.presets import PRESETS, preset
    from esvae_core.published import read_published

__all__ = [
    "ESVAE",
    "PRESETS",
    "Checkpoint",
    "EsvaeError",
    "ModelConfig",
    "NeuronConfig",
    "Posterior",
    "Recipe",
    "RunConfig",
    "Trace",
    "decode_codes",
    "decode_rates",
    "grid",
    "load",
    "preset",
    "read_published",
    "read_recipe",
    "replay",
    "save",
    "to_fixed_point",
    "widget",
]

_HOMES = {
    "checkpoint": ("Checkpoint", "load", "save"),
    "config": ("ModelConfig", "NeuronConfig", "RunConfig"),
    "errors": ("EsvaeError",),
    "esvae": ("ESVAE", "Posterior", "Trace"),
    "explore.decode_rates": ("decode_codes", "decode_rates"),
    "explore.fixed_point": ("to_fixed_point",),
    "explore.recipe": ("Recipe",),
    "explore.recipe_files": ("read_recipe",),
    "explore.replay": ("replay",),
    "notebook": ("widget",),
    "pictures": ("grid",),
    "presets": ("PRESETS", "preset"),
    "published": ("read_published",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("esvae")
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name[:2] == name[-2:] == "__"), *__all__, "__version__"})
