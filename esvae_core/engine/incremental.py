"""One rate vector under frozen noise, played: move a rate, and see which spikes come and go, and the new picture.

>>> live = model.live(seed=7)
>>> first = live.set(rates)          # rates (d,)
>>> then = live.move(3, 0.5)         # .image, .gained and .lost as (step, neuron)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import Sampler
from esvae_core.engine import event_kernels, noise
from esvae_core.engine.event_engine import Events
from esvae_core.engine.packed import LANES, POSITIONS, WIDTH
from esvae_core.engine.plan import F32, I64
from esvae_core.errors import InputError


class Shown(NamedTuple):
    """What a rate vector gives, and what the last change did to its spikes."""

    image: F32
    """(C, H, W) in [-1, 1]."""
    spikes: NDArray[np.uint8]
    """(T, d)."""
    gained: I64
    """(n, 2): step and neuron of the spikes that the last change brought; none the first time."""
    lost: I64
    """(n, 2): and of those it took away."""


class Live:
    """Spikes and picture of one rate vector. It keeps all membranes, and computes what a change reaches.

    The results are those of a decode from the start, to the last bit. For one thread at a time.
    """

    def __init__(self, engine: Events, seed: int, sampler: Sampler, steps: int) -> None:
        config = engine.config
        self._sampler, self._noise = sampler, noise.uniform(seed, steps, config.latent_dim)
        self._settings = engine.readout(steps)
        table = engine.packed.decoder.table
        neurons = int((table[:, POSITIONS] * table[:, WIDTH]).sum()) * steps
        self._rests, self._fired = np.zeros(neurons, np.float32), np.zeros(neurons // LANES, np.uint32)
        self._membrane = np.zeros(config.image_shape, np.float32)
        self._rates: F32 | None = None
        self._spikes = np.zeros((steps, config.latent_dim), np.uint8)
        self.computed: I64 = np.zeros(len(table), np.int64)
        """(layers,): how many steps of positions the last change made anew, of positions x T."""

    def set(self, rates: NDArray[np.floating]) -> Shown:
        """Show rates (d,) in [0, 1].

        Raises:
            InputError: they have another shape, or numbers outside [0, 1].
        """
        steps, width = self._spikes.shape
        if rates.shape != (width,) or not bool(((rates >= 0) & (rates <= 1)).all()):
            raise InputError(f"rates: expected {width} numbers in [0, 1], got shape {rates.shape} or numbers outside")
        rates = rates.astype(np.float32)
        draw = noise.systematic if self._sampler == "systematic" else noise.bernoulli
        spikes = draw(rates, self._noise)
        fresh = self._rates is None
        difference = np.zeros_like(spikes, np.int8) if fresh else spikes.astype(np.int8) - self._spikes
        changed = np.asarray(difference.any(1), np.uint8)
        if fresh or changed.any():
            bits = np.packbits(spikes, axis=1, bitorder="little")
            heard = np.zeros((steps, 4 * -(-width // LANES)), np.uint8)
            heard[:, : bits.shape[1]] = bits
            words = heard.view("<u4").astype(np.uint32).ravel()
            self._rates = None  # until this is through
            event_kernels.revise(
                *self._settings, words, changed, fresh, self._fired, self._rests, self._membrane,
                self.computed,
            )  # fmt: skip
        else:
            self.computed[:] = 0
        self._rates, self._spikes = rates, spikes
        return Shown(np.tanh(self._membrane), spikes.copy(), np.argwhere(difference > 0), np.argwhere(difference < 0))

    def move(self, neuron: int, rate: float) -> Shown:
        """Show the rates of before with one of them moved.

        Raises:
            InputError: there is no such neuron, the rate is outside [0, 1], or no rates were set before.
        """
        if self._rates is None:
            raise InputError("move: expected rates to be set before")
        if not 0 <= neuron < len(self._rates):
            raise InputError(f"neuron: expected 0 to {len(self._rates) - 1}, got {neuron}")
        rates = self._rates.copy()
        rates[neuron] = rate
        return self.set(rates)
