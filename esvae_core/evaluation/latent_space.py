"""Group "latent": what the latent says of the images, how it uses its range, and how far the prior is from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from esvae_core.data import ImageSet
from esvae_core.evaluation.adapter import EvaluationAdapter, RateAdapter, adapter_of, collect, mean_firing
from esvae_core.evaluation.information import binomial_capacity, information_per_dimension
from esvae_core.evaluation.probes import few, linear_accuracy, neighbour_accuracy, principal
from esvae_core.evaluation.random_subset import MMD_BLOCK, mmd_in_blocks, some
from esvae_core.evaluation.rate_use import dimension_use
from esvae_core.evaluation.results import Curve, Figure, Group, Progress, curve_over_seeds, over_seeds, silent
from esvae_core.seeds import generator
from esvae_core.tdbn import TdBatchNorm

LABELS = (200, 1_000, 5_000)
_WARM_BATCH, _WARM_BATCHES = 100, 10

Views = dict[str, tuple[NDArray[Any], NDArray[Any]]]
"""Name -> features of the train images and of the test images."""


def latent_space(
    adapter: EvaluationAdapter, test: ImageSet, train: ImageSet, *, seeds: int = 3, report: Progress = silent
) -> Group:
    """Probes with few and with all labels; use of the dimensions; MMD; firing rates; information per dimension.

    Args:
        adapter: the model.
        test, train: probes learn on train images and are scored on test images; all else is of the test images.
        seeds: choices of the labelled images, and draws of the prior.
        report: progress.
    """
    protocol = (
        f"{len(test):,} test and {len(train):,} train images of {test.name}, seeds 0 to {seeds - 1}; "
        "logistic regression, C = 1, standardised; vote of 5 neighbours"
    )
    views = _views(adapter, test, train, report)
    curves = _probes(views, test, train, seeds)
    figures = []
    if not curves:
        figures.append(Figure(name="probes", note="do not apply: fewer than two classes"))
    if isinstance(adapter, RateAdapter):
        more, lines = _rates(adapter, views["rates"][1], test, seeds)
        figures += more
        curves += lines
    else:
        active = int((views["latent"][1].var(0) > 0.01).sum())
        figures += [
            Figure(name="active dimensions", value=active, note="variance above 0.01 (Burda et al., ICLR 2016)"),
            Figure(name="MMD, firing rates, information per dimension", note="do not apply: no rates"),
        ]
    return Group(name="latent", protocol=protocol, figures=tuple(figures), curves=tuple(curves))


def _views(adapter: EvaluationAdapter, test: ImageSet, train: ImageSet, report: Progress) -> Views:
    spiking = isinstance(adapter, RateAdapter)
    both = (train, test)
    total, base = 2 * (len(train) + len(test)), 0

    def described(model: EvaluationAdapter) -> tuple[NDArray[Any], NDArray[Any]]:
        nonlocal base
        found = []
        for part in both:
            start = base
            found.append(collect(part, model.features, lambda n, _, start=start: report(start + n, total)).numpy())  # type: ignore[misc]
            base += len(part)
        return found[0], found[1]

    own = described(adapter)
    views = {"rates" if spiking else "latent": own}
    if isinstance(adapter, RateAdapter):
        noise = generator(0, "latent", "counts")
        counts = [adapter.spikes(torch.from_numpy(rates), noise).mean(0).numpy() for rates in own]
        views["sampled counts"] = (counts[0], counts[1])
    pixels = tuple(part.images.reshape(len(part), -1).astype(np.float32) / 127.5 - 1 for part in both)
    views["pixels"] = (pixels[0], pixels[1])
    reduced = principal(pixels[0], own[0].shape[1], pixels[1])
    views[f"PCA of {reduced[0].shape[1]}"] = (reduced[0], reduced[1])
    views["untrained encoder"] = described(untrained(adapter, train))
    return views


def untrained(adapter: EvaluationAdapter, train: ImageSet, seed: int = 0) -> EvaluationAdapter:
    """A model of the same settings with random weights, its norms with mean statistics of 10 batches of 100 images."""
    model = adapter.module
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(seed, "untrained").initial_seed())
        fresh: nn.Module = type(model)(model.config)
    rows = np.random.default_rng(seed)
    steps, sampler = (adapter.steps, adapter.sampler) if isinstance(adapter, RateAdapter) else (None, None)
    twin = adapter_of(fresh.eval(), steps=steps, sampler=sampler)
    fresh.train()
    norms = [module for module in fresh.modules() if isinstance(module, nn.BatchNorm2d | TdBatchNorm)]
    for i in range(_WARM_BATCHES):
        for norm in norms:
            norm.momentum = 1 / (i + 1)  # so that all batches weigh the same and the first statistics nothing
        twin.features(train.tensor(rows.integers(0, len(train), _WARM_BATCH)))
    fresh.eval()
    return twin


def _probes(views: Views, test: ImageSet, train: ImageSet, seeds: int) -> list[Curve]:
    if len(np.unique(train.labels)) < 2:
        return []
    counts = [*(n for n in LABELS if n < len(train)), len(train)]
    kinds: dict[str, Callable[..., float]] = {
        "linear probe": linear_accuracy,
        "5 nearest neighbours": neighbour_accuracy,
    }
    curves = []
    for kind, score in kinds.items():
        for name, (known, asked) in views.items():
            values = []
            for count in counts:
                draws = range(seeds if count < len(train) else 1)
                chosen = [few(train.labels, count, np.random.default_rng(s)) for s in draws]
                values.append([score(known[c], train.labels[c], asked, test.labels) for c in chosen])
            curves.append(curve_over_seeds(f"accuracy, {kind}, {name}", "labelled images", counts, values))
    return curves


def _rates(adapter: RateAdapter, rates: NDArray[Any], test: ImageSet, seeds: int) -> tuple[list[Figure], list[Curve]]:
    steps = adapter.steps
    use = dimension_use(rates)
    dimensions = rates.shape[1]
    figures = [
        Figure(name="active dimensions", value=use.active, note=f"of {dimensions}; deviation over images above 0.01"),
        Figure(name="dead dimensions", value=use.dead, note="silent for every image"),
        Figure(name="saturated dimensions", value=use.saturated, note="rate 1 for every image"),
        _mmd(adapter, torch.from_numpy(rates), seeds),
    ]
    noise = generator(0, "latent", "firing")
    fired = mean_firing(adapter, some(test, 1_000), noise)
    figures += [Figure(name=f"spikes per neuron and step, {name}", value=rate) for name, rate in fired.items()]
    bits = information_per_dimension(rates, steps)
    exact = information_per_dimension(rates, steps, "systematic")
    figures += [
        Figure(name="information of count on rate in bits, mean over dimensions, Bernoulli", value=float(bits.mean())),
        Figure(name="the same, systematic", value=float(exact.mean())),
        Figure(name="capacity of the binomial channel in bits", value=binomial_capacity(steps), note=f"T = {steps}"),
        Figure(name="log2(T + 1), the most that a count can say", value=float(np.log2(steps + 1))),
    ]
    x = tuple(map(float, range(dimensions)))
    curves = [
        Curve(name=f"information in bits, {how}", along="dimension", x=x, mean=tuple(map(float, values)))
        for how, values in (("Bernoulli", bits), ("systematic", exact))
    ]
    return figures, curves


def _mmd(adapter: RateAdapter, rates: torch.Tensor, seeds: int) -> Figure:
    block = min(MMD_BLOCK, len(rates))
    name = f"MMD of posterior and prior rates, random blocks of {block:,}, unbiased"
    if block < 2:
        return Figure(name=name, note="does not apply: one image")
    values = []
    for seed in range(seeds):
        prior = adapter.prior_rates(len(rates), generator(seed, "latent", "prior"))
        values.append(mmd_in_blocks(rates, prior, unbiased=True))
    return over_seeds(name, values)
