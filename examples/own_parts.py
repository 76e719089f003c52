"""A surrogate gradient and a loss term of one's own: train with them for a few steps, save, load again.

    python examples/own_parts.py

The command takes them from here, too:

    esvae --plugin examples/own_parts.py train --preset digits \
        --set model.neuron.surrogate_shape=arctan --set train.loss_terms.balance=0.1
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import torch
from torch import Tensor

import esvae_core
from esvae_core import NeuronConfig, RunConfig
from esvae_core.config import parse
from esvae_core.parts import LOSS_TERMS, SURROGATES, LossInputs
from esvae_core.presets import preset
from esvae_core.training.trainer import Progress, train


@SURROGATES.register("arctan")
def arctan(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """The derivative of an arc tangent, 1 at the centre."""
    distance = (membrane - neuron.surrogate_center) / (neuron.surrogate_width / 2)
    return 1 / (1 + (math.pi / 2 * distance) ** 2)


@LOSS_TERMS.register("balance")
def balance(inputs: LossInputs) -> Tensor:
    """How far the mean rate of each latent neuron is from a half."""
    return (inputs.posterior_rates.mean(0) - 0.5).square().mean()


def settings() -> RunConfig:
    """The preset `digits`, smaller, with both."""
    values = preset("digits").model_dump()
    values["model"] |= {"channels": (8, 8, 16, 16), "latent_dim": 8, "time_steps": 4}
    values["model"]["neuron"]["surrogate_shape"] = "arctan"
    values["train"] |= {"epochs": 1, "batches_per_epoch": 8, "grow_time": (), "loss_terms": {"balance": 0.1}}
    return parse(RunConfig, values, "own parts")


def report(progress: Progress) -> None:
    terms = ", ".join(f"{name} {value:.4f}" for name, value in progress.terms.items())
    print(f"step {progress.batch} of {progress.batches}: {terms}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = train(settings(), Path(folder) / "run", report=report, loggers=())
        loaded = esvae_core.load(path, esvae_core.ESVAE)
    for part, origin in loaded.header.parts.items():
        print(f"the checkpoint names the {part} of {origin}")
    sample = loaded.model.sample(4, torch.Generator().manual_seed(0))
    print(f"samples: {tuple(sample.images.shape)}")


if __name__ == "__main__":
    main()
