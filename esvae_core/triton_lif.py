"""LIF neurons over time on CUDA: one kernel forward and one backward, with the loop over time inside.

Imported only where a CUDA tensor asks for it; Triton comes with PyTorch's CUDA builds. The arithmetic is that of
`esvae_core.kernels`, in float32 whatever the tensors hold; the reference is `esvae_core.neurons.lif`. What bounds these
kernels is memory, so spikes, membranes and gradients have the type of the drive: half the bytes where it is bfloat16.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from esvae_core.config import NeuronConfig

_BLOCK = 1024
"""Neurons per program: eight per thread, which are 16 bytes of bfloat16."""


@triton.jit(do_not_specialize=["steps"])  # type: ignore[untyped-decorator]
def _forward(  # type: ignore[no-untyped-def]  # Triton reads annotations itself, and knows none but its own
    drive,
    spikes,
    membranes,
    length,
    stride,
    steps,
    leak,
    threshold,
    SOFT: tl.constexpr,
    BLOCK: tl.constexpr,
):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mine = i < length
    rest = tl.zeros((BLOCK,), tl.float32)
    source, target = drive + i, i
    for _ in range(steps):
        membrane = leak * rest + tl.load(source, mask=mine, other=0.0).to(tl.float32)
        fired = membrane > threshold
        tl.store(spikes + target, tl.where(fired, 1.0, 0.0), mask=mine)
        tl.store(membranes + target, membrane, mask=mine)
        if SOFT:  # noqa: SIM108
            rest = tl.where(fired, membrane - threshold, membrane)
        else:
            rest = tl.where(fired, 0.0, membrane)
        source += stride
        target += length


@triton.jit(do_not_specialize=["steps"])  # type: ignore[untyped-decorator]
def _backward(  # type: ignore[no-untyped-def]
    membranes,
    grad,
    out,
    length,
    steps,
    leak,
    threshold,
    center,
    half_width,
    SOFT: tl.constexpr,
    CONSTANT: tl.constexpr,
    BLOCK: tl.constexpr,
):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mine = i < length
    later = tl.zeros((BLOCK,), tl.float32)  # gradient by the rest that the next step started from
    total = tl.zeros((BLOCK,), tl.float32)
    place = i + (steps - 1).to(tl.int64) * length
    for _ in range(steps):
        membrane = tl.load(membranes + place, mask=mine, other=0.0).to(tl.float32)
        incoming = tl.load(grad + place, mask=mine, other=0.0).to(tl.float32)
        fired = membrane > threshold
        if SOFT:
            by_spike = incoming - later * threshold
            kept = later
        else:
            by_spike = incoming - later * membrane
            kept = tl.where(fired, 0.0, later)
        delta = tl.where(tl.abs(membrane - center) < half_width, by_spike, 0.0) + kept
        later = leak * delta
        if CONSTANT:
            total += delta
        else:
            tl.store(out + place, delta, mask=mine)
        place -= length
    if CONSTANT:
        tl.store(out + i, total, mask=mine)


class _Lif(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, drive: Tensor, neuron: NeuronConfig, steps: int) -> Tensor:
        length, now = drive[0].numel(), len(drive)
        shape = (steps, length)
        spikes, membranes = drive.new_empty(shape), drive.new_empty(shape)
        with torch.cuda.device_of(drive):  # type: ignore[no-untyped-call]
            _forward[(triton.cdiv(length, _BLOCK),)](
                drive,
                spikes,
                membranes,
                length,
                length if now > 1 else 0,
                steps,
                neuron.leak,
                neuron.threshold,
                SOFT=neuron.reset == "soft",
                BLOCK=_BLOCK,
            )
        ctx.save_for_backward(membranes)
        ctx.neuron, ctx.now = neuron, now
        return spikes

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (membranes,) = ctx.saved_tensors
        neuron: NeuronConfig = ctx.neuron
        steps, length = membranes.shape
        out = membranes.new_empty((ctx.now, length))
        with torch.cuda.device_of(membranes):  # type: ignore[no-untyped-call]
            _backward[(triton.cdiv(length, _BLOCK),)](
                membranes,
                grads[0].contiguous(),
                out,
                length,
                steps,
                neuron.leak,
                neuron.threshold,
                neuron.surrogate_center,
                neuron.surrogate_width / 2,
                SOFT=neuron.reset == "soft",
                CONSTANT=ctx.now < steps,
                BLOCK=_BLOCK,
            )
        return out, None, None


def lif(drive: Tensor, neuron: NeuronConfig, steps: int) -> Tensor:
    """Spikes (T, L) of LIF neurons driven by `drive` (S, L), contiguous; S is T, or 1 for a constant drive.

    They have the drive's type, float32 or bfloat16. Membranes are kept in it for the way back, so with bfloat16 the
    surrogate's interval is cut with a precision of 2^-9; spikes never are.
    """
    spikes: Tensor = _Lif.apply(drive, neuron, steps)  # type: ignore[no-untyped-call]
    return spikes
