"""Group "cost": parameters, operations from real spikes, and an estimate of energy beside a quantised network's."""

from __future__ import annotations

from esvae_core.config import FSVAEConfig
from esvae_core.data import ImageSet
from esvae_core.esvae import SpikingCoder
from esvae_core.evaluation.adapter import EvaluationAdapter, SpikingAdapter, batches, mean_firing
from esvae_core.evaluation.cost import energy
from esvae_core.evaluation.cost.operation_count import operations
from esvae_core.evaluation.cost.per_layer import Costs, costs, inputs, prior_costs, readout_synapses, synapses
from esvae_core.evaluation.results import Figure, Group, Progress, silent
from esvae_core.seeds import generator

BITS = 5
"""Values of 5 bits: the nearest that an ordinary network comes to the 17 counts of T = 16."""
CAVEAT = "45 nm; memory traffic, usually the larger part, is left out"


def cost(adapter: EvaluationAdapter, data: ImageSet, *, seed: int = 0, report: Progress = silent) -> Group:
    """Operations per image of encoding, sampling and decoding, counted on these images (docs/evaluation.md)."""
    parameters = sum(p.numel() for p in adapter.module.parameters())
    figures = [Figure(name="parameters", value=parameters)]
    if isinstance(adapter, SpikingAdapter) and isinstance(adapter.module, SpikingCoder):
        figures += _spiking(adapter, adapter.module, data, seed, report)
    else:
        figures += _plain(adapter, data, seed, report)
    return Group(
        name="cost",
        protocol=f"{len(data):,} {data.split} images of {data.name}, noise seed {seed}",
        figures=tuple(figures),
    )


def _spiking(adapter: SpikingAdapter, model: SpikingCoder, data: ImageSet, seed: int, report: Progress) -> list[Figure]:
    config, steps = model.config, adapter.steps
    rates = mean_firing(adapter, data, generator(seed, "cost"), report)
    latent = rates.pop("latent")
    each = synapses(config)
    ordinary = sum(each.values()) + readout_synapses(config)
    # synapses that spikes drive: all but the first layer's and the readout's, which see numbers
    into = inputs(config, rates, latent)
    driven = sum(each[name] for name in into)
    events = steps * sum(each[name] * rate for name, rate in into.items())
    figures = [
        *_counted(costs(config, steps, rates, latent), "image"),
        Figure(name="multiply-adds per image, the same network without time", value=ordinary),
        Figure(name="spikes per synapse and image", value=events / driven, note=f"T = {steps}"),
        *_ordinary(ordinary),
    ]
    if isinstance(config, FSVAEConfig):
        counted = prior_costs(config, steps, rates)
        figures += _counted(counted, "new picture", "of the prior, which is in place of all but the decoder")
    return figures


def _counted(counted: Costs, what: str, whose: str = "") -> list[Figure]:
    """Operations per image or per new picture, and their energy."""
    spent = energy.microjoule(counted.spike_additions, counted.spike_multiplications)
    return [
        Figure(name=f"additions per {what}, event-driven", value=counted.spike_additions, note=whose),
        Figure(name=f"multiplications per {what}, event-driven", value=counted.spike_multiplications, note=whose),
        Figure(name=f"multiply-adds per {what}, dense, all time steps", value=counted.dense_multiply_adds, note=whose),
        Figure(
            name=f"energy per {what} in uJ, event-driven, float32",
            value=spent,
            note="; ".join(word for word in (whose, CAVEAT) if word),
        ),
    ]


def _plain(adapter: EvaluationAdapter, data: ImageSet, seed: int, report: Progress) -> list[Figure]:
    noise, done = generator(seed, "cost"), 0
    with operations(adapter.module) as seen:
        for images in batches(data):
            adapter.reconstruct(images, noise)
            done += len(images)
            report(done, len(data))
    dense, additions, numbers = (sum(column) / len(data) for column in zip(*seen, strict=True))
    figures = [Figure(name="multiply-adds per image, dense", value=dense)]
    if additions:
        each = energy.microjoule(additions + numbers, numbers)
        figures += [
            Figure(name="additions per image, event-driven", value=additions, note="of synapses alone"),
            Figure(name="energy per image in uJ, event-driven, float32", value=each, note=CAVEAT),
        ]
        return figures
    return figures + _ordinary(dense)


def _ordinary(multiply_adds: float) -> list[Figure]:
    return [
        Figure(
            name="energy per image in uJ, ordinary network of this shape, float32",
            value=multiply_adds * energy.multiply_add() * 1e-6,
            note=CAVEAT,
        ),
        Figure(
            name=f"energy per image in uJ, the same quantised to {BITS} bits",
            value=multiply_adds * energy.multiply_add(BITS) * 1e-6,
            note=f"{CAVEAT}; the fair rival at T = 16",
        ),
    ]
