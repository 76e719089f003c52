"""Group "robustness": the error when spikes or images are damaged, and with more or fewer time steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

from esvae_core.data import ImageSet
from esvae_core.evaluation import perturbations
from esvae_core.evaluation.adapter import EvaluationAdapter, SpikingAdapter, batches
from esvae_core.evaluation.fidelity import squared_error
from esvae_core.evaluation.results import Curve, Figure, Group, Progress, curve_over_seeds, silent
from esvae_core.seeds import generator

Damage = Callable[[Tensor, float, Generator], Tensor]
"""What, how much, and the source of chance."""

_SPIKES: tuple[tuple[str, str, Damage, tuple[float, ...]], ...] = (
    ("latent spikes flipped", "probability", perturbations.flip, (0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)),
    ("latent spikes deleted", "probability", perturbations.delete, (0, 0.02, 0.05, 0.1, 0.2, 0.3)),
    ("latent spikes moved in time", "deviation in steps", perturbations.jitter, (0, 0.5, 1, 2, 4)),
    ("latent spike trains shuffled in time", "share of trains", perturbations.shuffle, (0, 0.25, 0.5, 1)),
)
_IMAGES: tuple[tuple[str, str, Damage, tuple[float, ...]], ...] = (
    ("Gaussian noise on the input", "deviation on [-1, 1]", perturbations.gaussian, (0, 0.1, 0.2, 0.4, 0.8)),
    ("salt and pepper on the input", "share of pixels", perturbations.salt, (0, 0.02, 0.05, 0.1, 0.2)),
)
STEPS = (4, 8, 16, 32, 64)


def robustness(adapter: EvaluationAdapter, data: ImageSet, *, seeds: int = 3, report: Progress = silent) -> Group:
    """MSE against the undamaged images, a curve per kind of damage, mean and deviation over noise seeds."""
    spiking = adapter if isinstance(adapter, SpikingAdapter) else None
    points = sum(len(x) for *_, x in _IMAGES) + (sum(len(x) for *_, x in _SPIKES) + len(STEPS) if spiking else 0)
    done = 0

    def curve(name: str, along: str, x: Sequence[float], picture: Damage) -> Curve:
        nonlocal done
        values = []
        for strength in x:
            values.append([_error(data, picture, strength, generator(s, "robustness", name)) for s in range(seeds)])
            done += 1
            report(done, points)
        return curve_over_seeds(f"MSE, {name}", along, x, values)

    curves = [
        curve(name, along, x, lambda im, p, g, damage=damage: adapter.reconstruct(damage(im, p, g), g))  # type: ignore[misc]
        for name, along, damage, x in _IMAGES
    ]
    figures = []
    if spiking is None:
        figures.append(Figure(name="damage to spikes, time steps", note="does not apply: no spikes"))
    else:
        model = spiking

        def damaged(damage: Damage) -> Damage:
            return lambda im, p, g: model.decode(damage(model.latent_spikes(im, g), p, g))

        curves += [curve(name, along, x, damaged(damage)) for name, along, damage, x in _SPIKES]
        curves.append(
            curve(
                "time steps at inference",
                "T",
                STEPS,
                lambda im, t, g: model.decode(model.latent_spikes(im, g, int(t))),
            )
        )
    return Group(
        name="robustness",
        protocol=f"{len(data):,} {data.split} images of {data.name}, noise seeds 0 to {seeds - 1}",
        figures=tuple(figures),
        curves=tuple(curves),
    )


def _error(data: ImageSet, picture: Damage, strength: float, noise: Generator) -> float:
    return float(torch.cat([squared_error(picture(im, strength, noise), im) for im in batches(data)]).mean())
