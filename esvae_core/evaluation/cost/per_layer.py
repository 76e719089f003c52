"""What one picture costs: additions and multiplications per image.

Dense counts every multiply-add of every layer at every time step, as a dense library computes them; the first layer's
input does not change with time, so it counts once, and the readout is applied once to the weighted sum of spikes; in a
model of recordings both change with every step, and count at each.
Spike-driven counts, per layer, the dense multiply-adds times the firing rate of its input: a spike adds a row of
weights, no spike costs nothing. Membranes take one multiplication (the leak) and one addition per neuron and step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field

from esvae_core.config import FSVAEConfig, SpikingModelConfig


class Costs(BaseModel):
    """Operations per image, encoder and decoder together."""

    model_config = ConfigDict(frozen=True)

    dense_multiply_adds: float = Field(description="Multiply-adds of a dense implementation.")
    spike_additions: float = Field(description="Additions of an event-driven one: synapses and membranes.")
    spike_multiplications: float = Field(description="Its multiplications: first layer, leaks and readout.")


def synapses(config: SpikingModelConfig) -> dict[str, int]:
    """Multiply-adds of each spiking layer per image and time step, by layer name, in the order of computation.

    Of FSVAE those that reconstruct: the posterior lies between encoder and decoder; the prior has `prior_synapses`.
    """
    widths = config.channels
    size, counts = config.image_size, {}
    for i, (before, after) in enumerate(zip((config.image_channels, *widths), widths, strict=False)):
        size //= 2
        counts[f"encoder.{i}"] = 9 * before * after * size**2
    counts["to_latent"] = config.feature_dim * config.latent_dim
    if isinstance(config, FSVAEConfig):
        between = (2 * config.latent_dim, *_offering(config))  # the encoder's spikes beside the latent ones before
        counts |= {f"posterior.{i}": a * b for i, (a, b) in enumerate(pairwise(between))}
    counts["from_latent"] = config.decoder_inputs * config.feature_dim
    rising = widths[::-1]
    for i, (before, after) in enumerate(zip(rising, (*rising[1:], rising[-1]), strict=True)):
        counts[f"decoder.{i}"] = 9 * before * after * size**2
        size *= 2
    return counts


def prior_synapses(config: FSVAEConfig) -> dict[str, int]:
    """As `synapses`, of the prior, which stands in place of encoder and posterior where a new picture is made."""
    return {f"prior.{i}": a * b for i, (a, b) in enumerate(pairwise((config.latent_dim, *_offering(config))))}


def _offering(config: FSVAEConfig) -> tuple[int, int, int]:
    """Neurons of the three layers that offer candidates, the posterior's as the prior's."""
    d = config.latent_dim
    return 2 * d, 4 * d, config.candidates * d


def readout_synapses(config: SpikingModelConfig) -> int:
    """Multiply-adds of the readout, which is applied once per image."""
    return 9 * config.channels[0] * config.image_channels * config.image_size**2


def neurons(config: SpikingModelConfig) -> dict[str, int]:
    """Number of LIF neurons of each layer of `synapses`."""
    widths = config.channels
    size, counts = config.image_size, {}
    for i, width in enumerate(widths):
        size //= 2
        counts[f"encoder.{i}"] = width * size**2
    counts["to_latent"] = config.latent_dim
    if isinstance(config, FSVAEConfig):
        counts |= {f"posterior.{i}": width for i, width in enumerate(_offering(config))}
    counts["from_latent"] = config.feature_dim
    rising = widths[::-1]
    for i, width in enumerate((*rising[1:], rising[-1])):
        size *= 2
        counts[f"decoder.{i}"] = width * size**2
    return counts


def inputs(config: SpikingModelConfig, firing_rates: Mapping[str, float], latent_rate: float) -> dict[str, float]:
    """Mean of the spikes that come into each layer, by its name; all layers but the first, which sees numbers.

    Args:
        config: the network.
        firing_rates: mean of each layer's spikes, by layer name; of FSVAE also 'posterior.before', the mean of the
            latent spikes that are fed back.
        latent_rate: mean of the sampled spikes that enter the decoder.
    """
    found = {name: firing_rates[before] for before, name in pairwise(synapses(config))}
    if isinstance(config, FSVAEConfig):  # as many of the encoder's spikes as of those fed back
        found["posterior.0"] = (firing_rates["to_latent"] + firing_rates["posterior.before"]) / 2
    if config.takes_frames:  # beside the latent neurons, one input is 1 at each step: that which says which it is
        latent_rate = (latent_rate * config.latent_dim + 1) / config.decoder_inputs
    return found | {"from_latent": latent_rate}


def costs(config: SpikingModelConfig, steps: int, firing_rates: Mapping[str, float], latent_rate: float) -> Costs:
    """Operations per image at T = `steps`: of encoding, drawing latent spikes and decoding.

    Args:
        config: the network.
        steps: time steps T.
        firing_rates, latent_rate: as in `inputs`.
    """
    per_step, each = synapses(config), neurons(config)
    first, readout = per_step["encoder.0"], readout_synapses(config)
    into = inputs(config, firing_rates, latent_rate)
    last = list(each)[-1]
    if config.takes_frames:
        return _costs_of_recordings(config, steps, into, firing_rates[last])
    updates = steps * sum(each.values())
    # the last layer's spikes are summed with their readout weights before the readout's convolution
    into_readout = steps * each[last] * firing_rates[last]
    return Costs(
        dense_multiply_adds=first + steps * sum(per_step[name] for name in into) + readout,
        spike_additions=_events(per_step, into, steps) + first + readout + updates + into_readout,
        spike_multiplications=first + readout + updates,
    )


def _costs_of_recordings(config: SpikingModelConfig, steps: int, into: Mapping[str, float], last_rate: float) -> Costs:
    """As `costs`, of a recording: each step has a frame of its own, and the decoder may have more than the encoder."""
    per_step, readout, decoding = synapses(config), readout_synapses(config), config.decoder_steps(steps)
    taken = {name: decoding if name.startswith(("from_latent", "decoder")) else steps for name in per_step}
    first = steps * per_step["encoder.0"]
    updates = sum(taken[name] * count for name, count in neurons(config).items())
    shown = decoding * config.image_channels * config.image_size**2
    events = math.fsum(taken[name] * per_step[name] * rate for name, rate in into.items())
    return Costs(
        dense_multiply_adds=first + sum(taken[name] * per_step[name] for name in into) + decoding * readout,
        spike_additions=events + decoding * readout * last_rate + first + updates + shown,
        spike_multiplications=first + updates + shown,
    )


def prior_costs(config: FSVAEConfig, steps: int, firing_rates: Mapping[str, float]) -> Costs:
    """Operations of the prior per new picture at T = `steps`, decoding left out.

    Args:
        config: the network.
        steps: time steps T.
        firing_rates: mean of the spikes of 'prior.0' and 'prior.1', and of those fed back, 'prior.before'.
    """
    per_step = prior_synapses(config)
    into = {name: firing_rates[before] for before, name in pairwise(("prior.before", *per_step))}
    updates = steps * sum(_offering(config))
    return Costs(
        dense_multiply_adds=steps * sum(per_step.values()),
        spike_additions=_events(per_step, into, steps) + updates,
        spike_multiplications=updates,
    )


def _events(per_step: Mapping[str, int], into: Mapping[str, float], steps: int) -> float:
    """Additions that spikes ask for: synapses times the mean of the spikes that come in, over all steps."""
    return math.fsum(steps * per_step[name] * rate for name, rate in into.items())
