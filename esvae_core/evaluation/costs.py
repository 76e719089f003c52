"""What one picture costs: parameters, and additions and multiplications per image.

Dense counts every multiply-add of every layer at every time step, as a dense library computes them; the first layer's
input does not change with time, so it counts once, and the readout is applied once to the weighted sum of spikes.
Spike-driven counts, per layer, the dense multiply-adds times the firing rate of its input: a spike adds a row of
weights, no spike costs nothing. Membranes take one multiplication (the leak) and one addition per neuron and step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from esvae_core.config import ModelConfig


class Costs(BaseModel):
    """Operations per image, encoder and decoder together."""

    model_config = ConfigDict(frozen=True)

    dense_multiply_adds: float = Field(description="Multiply-adds of a dense implementation.")
    spike_additions: float = Field(description="Additions of an event-driven one: synapses and membranes.")
    spike_multiplications: float = Field(description="Its multiplications: first layer, leaks and readout.")


def synapses(config: ModelConfig) -> dict[str, int]:
    """Multiply-adds of each spiking layer per image and time step, by layer name, in the order of computation."""
    widths = config.channels
    size, counts = config.image_size, {}
    for i, (before, after) in enumerate(zip((config.image_channels, *widths), widths, strict=False)):
        size //= 2
        counts[f"encoder.{i}"] = 9 * before * after * size**2
    counts["to_latent"] = counts["from_latent"] = config.feature_dim * config.latent_dim
    rising = widths[::-1]
    for i, (before, after) in enumerate(zip(rising, (*rising[1:], rising[-1]), strict=True)):
        counts[f"decoder.{i}"] = 9 * before * after * size**2
        size *= 2
    return counts


def neurons(config: ModelConfig) -> dict[str, int]:
    """Number of LIF neurons of each layer."""
    widths = config.channels
    size, counts = config.image_size, {}
    for i, width in enumerate(widths):
        size //= 2
        counts[f"encoder.{i}"] = width * size**2
    counts |= {"to_latent": config.latent_dim, "from_latent": config.feature_dim}
    rising = widths[::-1]
    for i, width in enumerate((*rising[1:], rising[-1])):
        size *= 2
        counts[f"decoder.{i}"] = width * size**2
    return counts


def costs(config: ModelConfig, steps: int, firing_rates: Mapping[str, float], latent_rate: float) -> Costs:
    """Operations per image at T = `steps`.

    Args:
        config: the network.
        steps: time steps T.
        firing_rates: mean of each layer's spikes, by layer name.
        latent_rate: mean of the sampled spikes that enter the decoder.
    """
    per_step = synapses(config)
    first, readout = per_step.pop("encoder.0"), 9 * config.channels[0] * config.image_channels * config.image_size**2
    names = ["encoder.0", *per_step]
    inputs = dict(zip(names[1:], (firing_rates[name] for name in names), strict=False))
    inputs["from_latent"] = latent_rate
    updates = steps * sum(neurons(config).values())
    # the last layer's spikes are summed with their readout weights before the readout's convolution
    last = names[-1]
    into_readout = steps * neurons(config)[last] * firing_rates[last]
    return Costs(
        dense_multiply_adds=first + steps * sum(per_step.values()) + readout,
        spike_additions=math.fsum(steps * per_step[name] * rate for name, rate in inputs.items())
        + first + readout + updates + into_readout,
        spike_multiplications=first + readout + updates,
    )  # fmt: skip
