"""Group "sampling": what it costs the picture that rates become spikes by chance."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from esvae_core.data import ImageSet
from esvae_core.evaluation.adapter import EvaluationAdapter, RateAdapter, batches
from esvae_core.evaluation.fidelity import squared_error
from esvae_core.evaluation.rate_use import grid_shares
from esvae_core.evaluation.results import Curve, Figure, Group, Progress, over_seeds, silent
from esvae_core.seeds import generator

Decoded = Callable[[Tensor, Tensor, Generator], Tensor]


def sampling_error(
    adapter: EvaluationAdapter, data: ImageSet, *, seeds: int = 3, draws: int = 16, report: Progress = silent
) -> Group:
    """MSE when the decoder gets Bernoulli spikes, systematic ones of these rates, the encoder's own; and of a mean."""
    protocol = f"{len(data):,} {data.split} images of {data.name}, noise seeds 0 to {seeds - 1}"
    if not isinstance(adapter, RateAdapter):
        figure = Figure(name="MSE by kind of spikes", note="does not apply: no rates")
        return Group(name="sampling", protocol=protocol, figures=(figure,))
    model = adapter

    def mean_image(rates: Tensor, own: Tensor, noise: Generator) -> Tensor:
        pictures = [model.decode(model.spikes(rates, noise, "bernoulli")) for _ in range(draws)]
        return torch.stack(pictures).mean(0)

    ways: dict[str, Decoded] = {
        "MSE, Bernoulli spikes": lambda rates, own, noise: model.decode(model.spikes(rates, noise, "bernoulli")),
        "MSE, systematic spikes": lambda rates, own, noise: model.decode(model.spikes(rates, noise, "systematic")),
        "MSE, the encoder's own spikes": lambda rates, own, noise: model.decode(own),
        f"MSE, mean image of {draws} Bernoulli draws": mean_image,
    }
    without_chance = "MSE, the encoder's own spikes"
    errors: dict[str, list[list[Tensor]]] = {name: [[] for _ in range(seeds)] for name in ways}
    noises = {(name, s): generator(s, "sampling", name) for name in ways for s in range(seeds)}
    all_rates, done = [], 0
    for images in batches(data):
        rates, own = model.encode(images)
        all_rates.append(rates)
        for name, decoded in ways.items():
            for s in range(1 if name == without_chance else seeds):
                pictures = decoded(rates, own, noises[name, s])
                errors[name][s].append(squared_error(pictures, images))
        done += len(images)
        report(done, len(data))
    figures = [
        over_seeds(name, [float(torch.cat(parts).mean()) for parts in by_seed if parts])
        for name, by_seed in errors.items()
    ]
    steps = model.steps
    shares = grid_shares(torch.cat(all_rates).numpy(), steps)
    histogram = Curve(
        name="share of all rates",
        along=f"rate, on the grid k/{steps}",
        x=tuple(k / steps for k in range(steps + 1)),
        mean=tuple(map(float, shares)),
    )
    return Group(name="sampling", protocol=f"{protocol}, T = {steps}", figures=tuple(figures), curves=(histogram,))
