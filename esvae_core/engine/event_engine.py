"""The event-driven engine over many images: arrays in, arrays out, images shared among threads."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import NamedTuple

import numpy as np

from esvae_core.engine import event_kernels
from esvae_core.engine.packed import Half, pack_plan
from esvae_core.engine.plan import F32, I64, Layer, Plan, decoder_layers, encoder_layers

_SHARES = 8  # per thread: work is handed out in so many pieces, so that a thread that is held up takes fewer


def usual_threads() -> int:
    """PyTorch's number of threads, where it is there; else OMP_NUM_THREADS, or one for each core of this process."""
    if (torch := sys.modules.get("torch")) is not None:
        return int(torch.get_num_threads())
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Encoded(NamedTuple):
    """What the encoder says of N images."""

    spikes: F32
    """(T, N, d), 0 or 1."""
    counts: I64
    """(N, layers): spikes of each layer."""


class Decoded(NamedTuple):
    """What the decoder makes of N spike trains."""

    pictures: F32
    """(N, C, H, W): the readout's membrane after the last step; its tanh is the image."""
    counts: I64
    """(N, layers): spikes of each layer."""


class Events:
    """A plan, ready to run. It holds no state: any number of threads may use one at the same time."""

    def __init__(self, plan: Plan) -> None:
        self.config = plan.config
        self._shares = plan.readout_shares
        self.packed = pack_plan(plan)
        self._encoder = encoder_layers(plan.config)
        self._decoder = decoder_layers(plan.config)[:-1]

    def encode(self, images: F32, steps: int, threads: int = 1) -> Encoded:
        """Images (N, C, H, W) in [-1, 1] -> spikes of the latent neurons, by that many threads."""
        n = len(images)
        values = np.ascontiguousarray(images, np.float32).reshape(n, self.config.image_channels, -1)
        out = Encoded(
            np.empty((steps, n, self.config.latent_dim), np.float32), np.zeros((n, len(self._encoder)), np.int64)
        )
        half = self.packed.encoder
        _share(n, threads, lambda begin, end: event_kernels.encode(half, values, begin, end, *out))
        return out

    def decode(self, spikes: F32, threads: int = 1) -> Decoded:
        """Spikes (T, N, d), 0 or 1 -> pictures, by that many threads."""
        config = self.config
        steps, n, _ = spikes.shape
        values = np.ascontiguousarray(spikes, np.float32)
        out = Decoded(np.empty((n, *config.image_shape), np.float32), np.zeros((n, len(self._decoder)), np.int64))
        settings = self.readout(steps)
        _share(n, threads, lambda begin, end: event_kernels.decode(*settings, values, begin, end, *out))
        return out

    def readout(self, steps: int) -> tuple[Half, F32, F32, F32]:
        """What the kernels need of the decoder for so many steps: its layers, and the readout's weight, bias, leaks."""
        packed, shares = self.packed, self._shares(steps)
        charge = 0.0  # of a constant 1, which is the bias's factor
        for share in shares:
            charge = share * charge + 1.0
        return packed.decoder, packed.readout, packed.readout_bias * np.float32(charge), np.array(shares, np.float32)

    def encoder_rates(self, counts: I64, steps: int) -> dict[str, float]:
        """Mean of each layer's spikes, by name, from `Encoded.counts`."""
        return _rates(self._encoder, counts, steps)

    def decoder_rates(self, counts: I64, steps: int) -> dict[str, float]:
        """Mean of each layer's spikes, by name, from `Decoded.counts`."""
        return _rates(self._decoder, counts, steps)


def _rates(layers: list[Layer], counts: I64, steps: int) -> dict[str, float]:
    neurons = [layer.side_out**2 * layer.channels_out for layer in layers]
    means = counts.mean(0) / (steps * np.array(neurons))
    return dict(zip((layer.name for layer in layers), means.tolist(), strict=True))


def _share(n: int, threads: int, work: Callable[[int, int], None]) -> None:
    """`work(begin, end)` over 0 .. n, by several threads; each of the calls leaves the interpreter's lock."""
    threads = min(threads, n)
    if threads <= 1:
        work(0, n)
        return
    size = max(1, n // (threads * _SHARES))
    begins = count(0, size)  # `next` of it is one step to the interpreter, so no two threads get the same

    def take(_: int) -> None:
        while (begin := next(begins)) < n:
            work(begin, min(begin + size, n))

    # threads of this call's own: nothing is left behind, and a forked process has them as well
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(take, range(threads)))
