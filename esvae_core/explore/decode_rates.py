"""From firing rates to spikes and images, under noise that a seed names; or from a latent without spikes.

`decode_rates` is what links, recipes and exported pictures mean: the same bytes on any machine, and in the page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import FSVAEConfig, Sampler
from esvae_core.engine import ann, noise
from esvae_core.engine.ann import ANNPlan
from esvae_core.engine.damage import Damage, damaged
from esvae_core.engine.event_engine import Events, usual_threads
from esvae_core.errors import InputError, RecipeError
from esvae_core.explore.fixed_point import FixedPointRates, rounded, to_rates
from esvae_core.explore.latent_interface import folded, made_with
from esvae_core.explore.recipe import MAX_PIXELS, Flip, Recipe
from esvae_core.pictures import to_uint8

if TYPE_CHECKING:
    from esvae_core.baselines.ann import ANNCoder
    from esvae_core.explore.latent_interface import Explorable, Foldable

MAX_SPIKES = 2**26
"""Cells of all spike trains that a file takes along; as in `web/parts/shared/export_files.js`."""
_DECODED = 50  # pictures at a time, of a model without spikes


@dataclass(frozen=True, eq=False)
class Decoded:
    """What N rate vectors look like under one draw of noise.

    Attributes:
        spikes: (T, N, d) bool; T = 0 where the model has none.
        pixels: (N, H, W, C) uint8.
    """

    spikes: NDArray[np.bool_]
    pixels: NDArray[np.uint8]


def decode_with_spikes(
    model: Explorable,
    rates: NDArray[np.floating],
    *,
    seed: int,
    sampler: Sampler,
    steps: int,
    flips: Collection[int] = (),
    damage: Damage | None = None,
) -> Decoded:
    """Decode rates under frozen noise: the same arguments give the same picture, here and in the explorer's page.

    All N vectors meet the same noise, so what differs between their pictures comes from their rates alone.

    Args:
        model: The network.
        rates: (N, d) in [0, 1]; heights, of a model without spikes, to which what follows means nothing.
        seed: Names the noise, see `esvae_core.engine.noise`.
        sampler: 'bernoulli' or 'systematic'.
        steps: Time steps T.
        flips: Cells t * d + j of the raster whose spikes are turned after the noise has drawn them.
        damage: Done to the spikes before any of them is turned.

    Raises:
        InputError: if the rates have another shape, or are not finite numbers from 0 to 1, a flip is of no cell, or
            the damage means nothing to the model.
    """
    import torch

    from esvae_core.esvae import SpikingCoder

    dims = model.config.latent_dim
    if rates.ndim != 2 or rates.shape[1] != dims or not len(rates):
        raise InputError(f"rates: expected shape (N, {dims}), got {rates.shape}")
    if not isinstance(model, SpikingCoder):
        pictures = ann.decode(ann.ann_plan_of(model), rates, (seed,), damage, steps)
        return Decoded(np.empty((0, *rates.shape), bool), to_uint8(pictures))
    drawn = [noise.sample(row, seed, sampler, steps) for row in rates.astype(np.float32)]
    spikes = np.stack([damaged(each, damage, seed) for each in drawn], axis=1)
    if not all(0 <= cell < steps * dims for cell in flips):
        raise InputError(f"flips: expected cells from 0 to {steps * dims - 1}")
    t, j = np.divmod(np.array(list(flips), np.intp), dims)
    spikes[t, :, j] = 1 - spikes[t, :, j]
    exact = isinstance(model.config, FSVAEConfig)  # as the page
    with torch.inference_mode():
        images = model.decode(torch.from_numpy(spikes).to(model.device), engine="events" if exact else None)
    return Decoded(spikes.astype(bool), to_uint8(images))


def to_normalized(model: ANNCoder | ANNPlan, codes: NDArray[np.floating]) -> FixedPointRates:
    """Latent vectors (N, d) of a model without spikes -> their heights in units of 1/46080, rounded.

    A number beyond its range is moved to the end of it.
    """
    return rounded(_plan(model).heights(codes))


def _plan(model: ANNCoder | ANNPlan) -> ANNPlan:
    return model if isinstance(model, ANNPlan) else ann.ann_plan_of(model)


def numbers_of(model: Foldable, units: FixedPointRates) -> dict[str, NDArray[np.float32]]:
    """What (N, d) units of 1/46080 mean to a model: its 'rates', or, without spikes, its 'latent' vectors."""
    plan, rates = folded(model), to_rates(units)
    return {"latent": plan.codes(rates).astype(np.float32)} if isinstance(plan, ANNPlan) else {"rates": rates}


def decode_rates(
    model: Foldable,
    units: FixedPointRates,
    seeds: Sequence[int],
    *,
    sampler: Sampler,
    steps: int,
    flips: Sequence[Flip] = (),
    upto: Sequence[int] = (),
    damage: Damage | None = None,
) -> NDArray[np.uint8]:
    """Decode rates under frozen noise, to the byte as the explorer's page does.

    Both add in the same order in single precision, take tanh in double, and round in single: every bit is the same on
    any machine, whatever the batch and the number of threads. A model without spikes is decoded in double precision,
    hears neither sampler nor steps, and has no spikes to turn nor steps to wait for; seeds draw a Poisson VAE's counts.

    Args:
        model: the network, or its plan, which needs no PyTorch.
        units: (N, d) rates in units of 1/46080.
        seeds: of the noise, one for each picture or one for all.
        sampler: 'bernoulli' or 'systematic'.
        steps: time steps T.
        flips: spikes that are turned after the noise has drawn them: (picture, step, neuron) of each, from 0.
        upto: steps after which a picture is seen, 1 to T, one for each picture or one for all; none: after all T.
        damage: done to the spikes that the noise has drawn, by the same seeds, before any is turned.

    Returns:
        (N, H, W, C) pixels.

    Raises:
        InputError: a flip is of a picture, step or neuron that is not there, or an `upto` of a step that is not, or the
            damage means nothing to the model.
    """
    plan = folded(model)
    if isinstance(plan, ANNPlan):
        if len(flips) or len(upto):
            raise InputError("flips, upto: expected none of a model without spikes")
        return _decode_ann(plan, units, seeds, damage, steps)
    if len(upto) not in (0, 1, len(units)) or not all(1 <= t <= steps for t in upto):
        raise InputError(f"upto: expected none, 1 or {len(units)} numbers of steps from 1 to {steps}")
    turned = _cells(flips, (len(units), steps, units.shape[1]))
    engine, rates, each = Events(plan), to_rates(units), max(1, 4000 // steps)
    parts = []
    for start in range(0, len(rates), each):
        chosen = range(start, min(start + each, len(rates)))
        spikes = _drawn(rates, chosen, seeds, sampler, steps, turned, damage)
        seen = np.array([upto[i if len(upto) > 1 else 0] if len(upto) else steps for i in chosen])
        drive = np.empty((len(chosen), *plan.config.image_shape), np.float32)
        for t in np.unique(seen):  # what comes after a step has no part in the picture then
            these = np.flatnonzero(seen == t)
            drive[these] = engine.decode(spikes[:t, these].astype(np.float32), usual_threads()).pictures
        parts.append(to_uint8(np.tanh(drive.astype(np.float64)).astype(np.float32)))
    return np.concatenate(parts)


def _cells(flips: Sequence[Flip], shape: tuple[int, int, int]) -> NDArray[np.intp]:
    """(picture, step, neuron) of each spike that is turned, all below `shape`."""
    turned = np.array(flips, np.intp).reshape(-1, 3)
    if not bool(((turned >= 0) & (turned < shape)).all()):
        raise InputError(f"flips: expected (picture, step, neuron) below {shape}")
    return turned


def _drawn(
    rates: NDArray[np.float32],
    chosen: range,
    seeds: Sequence[int],
    sampler: Sampler,
    steps: int,
    turned: NDArray[np.intp],
    damage: Damage | None,
) -> NDArray[np.uint8]:
    """(T, n, d) spikes of the chosen pictures: drawn by the noise, damaged, then edited by hand."""
    each_seed = [seeds[i if len(seeds) > 1 else 0] for i in chosen]
    drawn = [noise.sample(rates[i], seed, sampler, steps) for i, seed in zip(chosen, each_seed, strict=True)]
    spikes = np.stack([damaged(one, damage, seed) for one, seed in zip(drawn, each_seed, strict=True)], axis=1)
    picture, step, neuron = turned[(turned[:, 0] >= chosen.start) & (turned[:, 0] < chosen.stop)].T
    spikes[step, picture - chosen.start, neuron] = 1 - spikes[step, picture - chosen.start, neuron]
    return spikes


def decode_codes(
    model: ANNCoder | ANNPlan,
    codes: NDArray[np.floating],
    seeds: Sequence[int] = (0,),
    *,
    damage: Damage | None = None,
    steps: int = 1,
) -> NDArray[np.uint8]:
    """Decode latent vectors (N, d) of a model without spikes, at the nearest heights of the grid; as `decode_rates`.

    The vectors of a Poisson VAE are log-rates; `seeds` draw its counts, one for each picture or one for all, and the
    damage to their spikes, spread over `steps`.
    """
    plan = _plan(model)
    return _decode_ann(plan, to_normalized(plan, codes), seeds, damage, steps)


def _decode_ann(
    plan: ANNPlan,
    units: FixedPointRates,
    seeds: Sequence[int] = (0,),
    damage: Damage | None = None,
    steps: int = 1,
) -> NDArray[np.uint8]:
    heights = to_rates(units)
    each = seeds if len(seeds) > 1 else [seeds[0]] * len(heights)
    parts = [slice(start, start + _DECODED) for start in range(0, len(heights), _DECODED)]
    drawn = [ann.decode(plan, heights[part], each[part], damage, steps) for part in parts]
    return to_uint8(np.concatenate(drawn))


def arrays_beside(recipe: Recipe, model: Foldable) -> dict[str, NDArray[Any]]:
    """`file_arrays` of a recipe."""
    return file_arrays(
        model,
        recipe.fixed_point_rates,
        recipe.seeds,
        sampler=recipe.sampler,
        steps=recipe.steps,
        flips=recipe.flips,
        damage=recipe.damage,
    )


def file_arrays(
    model: Foldable,
    units: FixedPointRates,
    seeds: Sequence[int],
    *,
    sampler: Sampler,
    steps: int,
    flips: Sequence[Flip] = (),
    damage: Damage | None = None,
) -> dict[str, NDArray[Any]]:
    """Arrays beside the pictures of `decode_rates`, which has the same arguments.

    Returns:
        'rates' or 'latent' (N, d) as `numbers_of` gives them, and 'spikes' (N, T, d) of 0 and 1, of all T steps; no
        spikes of a model without spike trains, and where they are more than `MAX_SPIKES`.
    """
    plan = folded(model)
    found: dict[str, NDArray[Any]] = {**numbers_of(plan, units)}
    if not isinstance(plan, ANNPlan) and units.size * steps <= MAX_SPIKES:
        turned = _cells(flips, (len(units), steps, units.shape[1]))
        spikes = _drawn(to_rates(units), range(len(units)), seeds, sampler, steps, turned, damage)
        found["spikes"] = spikes.transpose(1, 0, 2)
    return found


def render(recipe: Recipe, model: Foldable) -> NDArray[np.uint8]:
    """The recipe's pictures, (N, H, W, C), before they are laid out.

    Raises:
        RecipeError: the model is another one, or the pictures would be too large.
    """
    plan = folded(model)
    if not made_with(plan, recipe.checkpoint.sha256):
        raise RecipeError(f"recipe: made with another network ({recipe.checkpoint.name}), by its content hash")
    units = recipe.fixed_point_rates
    size = plan.config.image_size
    if recipe.pixels(size) > MAX_PIXELS:
        raise RecipeError(f"recipe: expected at most {MAX_PIXELS:,} pixels, found {recipe.pixels(size):,}")
    return decode_rates(
        plan,
        units,
        recipe.seeds,
        sampler=recipe.sampler,
        steps=recipe.steps,
        flips=recipe.flips,
        upto=recipe.upto,
        damage=recipe.damage,
    )
