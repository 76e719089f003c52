"""Damage to spike trains under frozen noise, as the explorer's Spikes view does it: the same bits in Python and there.

Four kinds, those of `esvae_core.evaluation.perturbations`, here from `noise`, so that a larger amount under the same
seed keeps what a smaller one hit. The twin is `esvae_core/web/engine/damage.js`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from esvae_core.engine.noise import F64, uniform

DamageKind = Literal["flip", "delete", "jitter", "shuffle"]
KINDS: tuple[DamageKind, ...] = get_args(DamageKind)
MOST: dict[DamageKind, int] = {"flip": 100, "delete": 100, "jitter": 800, "shuffle": 100}
"""Largest amount of each kind, in hundredths."""
TIMELESS: tuple[DamageKind, ...] = ("flip", "delete")
"""Those that change how many spikes there are; where only counts matter, the others change nothing."""
_FROM = 2**31 + 2**16
"""First step of the numbers that damage is drawn with; noise for spikes and priors lies before it."""
_SUMMED = 12  # uniform numbers whose sum, less 6, has mean 0 and variance 1


class Damage(BaseModel):
    """What is done to spikes, and how much of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: DamageKind
    """'flip': a spike becomes silence and silence a spike; 'delete': a spike is lost; 'jitter': a spike moves in time;
    'shuffle': the steps of a neuron's train change places."""
    amount: Annotated[int, Field(ge=1, le=max(MOST.values()))]
    """In hundredths: probability for each cell (flip, delete), deviation in steps (jitter), share of trains (shuffle).
    """

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if self.amount > MOST[self.kind]:
            raise ValueError(f"amount: expected 1 to {MOST[self.kind]} hundredths of {self.kind}, found {self.amount}")
        return self


def damaged(spikes: NDArray[np.uint8], damage: Damage | None, seed: int) -> NDArray[np.uint8]:
    """Spikes (T, d), or counts in each step, with that damage under the noise of that seed; themselves without any."""
    if damage is None:
        return spikes
    return _DO[damage.kind](spikes, damage.amount / 100, seed)


def _flip(spikes: NDArray[np.uint8], probability: float, seed: int) -> NDArray[np.uint8]:
    hit = _chance(seed, *spikes.shape) < probability
    return np.where(hit, spikes == 0, spikes).astype(np.uint8)


def _delete(spikes: NDArray[np.uint8], probability: float, seed: int) -> NDArray[np.uint8]:
    hit = _chance(seed, *spikes.shape) < probability
    return np.where(hit, 0, spikes).astype(np.uint8)


def _jitter(spikes: NDArray[np.uint8], deviation: float, seed: int) -> NDArray[np.uint8]:
    """Each spike moves by a number of steps that is close to normal; what would leave stays in the first or last step.

    Two in one step become one. The sum of twelve uniform numbers takes no logarithm, so no library rounds it its way.
    """
    steps, width = spikes.shape
    summed = _chance(seed, _SUMMED * steps, width).reshape(_SUMMED, steps, width).sum(0)
    moved = np.floor((summed - _SUMMED / 2) * deviation + 0.5).astype(np.intp)
    t, j = np.nonzero(spikes)
    out = np.zeros_like(spikes)
    out[np.clip(t + moved[t, j], 0, steps - 1), j] = 1
    return out


def _shuffle(spikes: NDArray[np.uint8], share: float, seed: int) -> NDArray[np.uint8]:
    steps, width = spikes.shape
    numbers = _chance(seed, steps + 1, width)
    order, chosen = numbers[:steps].argsort(axis=0, kind="stable"), numbers[steps] < share
    return np.where(chosen, np.take_along_axis(spikes, order, 0), spikes)


def _chance(seed: int, steps: int, width: int) -> F64:
    """In double precision, so that a comparison with a share means the same in the page."""
    return uniform(seed, steps, width, _FROM).astype(np.float64)


_DO = {"flip": _flip, "delete": _delete, "jitter": _jitter, "shuffle": _shuffle}
