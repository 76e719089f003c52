"""tdBN and LIF neurons over time on CUDA, in Triton: two kernels forward and two backward, and one on the channels.

Imported only where a CUDA tensor asks for it; Triton comes with PyTorch's CUDA builds. The arithmetic is that of
`esvae_core.kernels`, in float32 whatever the tensors hold; the reference is `esvae_core.layers.norm_lif_reference`.
What bounds these kernels is memory, so spikes, membranes and gradients have the type of the input: half the bytes where
it is bfloat16. Tensors are rows of channels, (time, images, pixels) x C; a program works on a tile of them.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import triton
import triton.language as tl
from torch import Tensor

from esvae_core.config import NeuronConfig
from esvae_core.tdbn import TdBatchNorm, several_processes, shared_sum

_TILE = 1024
"""Values per program: eight per thread, which are 16 bytes of bfloat16."""
_LONG_TILE = 4096
"""Values per program and turn where nothing is written: more loads on their way at a time."""
_PARTS = 1024
"""Programs that share the rows out among them when moments are taken: some for each multiprocessor."""


# Triton reads the annotations of its functions itself, and knows none but its own.
@triton.jit  # type: ignore[untyped-decorator]
def _moments(x, pivot, partial, rows, C, DOWN: tl.constexpr, ACROSS: tl.constexpr):  # type: ignore[no-untyped-def]
    """Sums of x - pivot and of its square per channel, over every so-manieth tile of rows."""
    part, parts = tl.program_id(0), tl.num_programs(0)
    c = tl.program_id(1) * ACROSS + tl.arange(0, ACROSS)
    known = c < C
    center = tl.load(pivot + c, mask=known, other=0.0)[None, :]
    total = tl.zeros((DOWN, ACROSS), tl.float32)
    square = tl.zeros((DOWN, ACROSS), tl.float32)
    for turn in range(tl.cdiv(rows, parts * DOWN)):
        r = (turn * parts + part) * DOWN + tl.arange(0, DOWN)
        mine = (r < rows)[:, None] & known[None, :]
        place = r.to(tl.int64)[:, None] * C + c[None, :]
        value = tl.where(mine, tl.load(x + place, mask=mine, other=0.0).to(tl.float32) - center, 0.0)
        total += value
        square += value * value
    out = partial + part * 2 * C + c
    tl.store(out, tl.sum(total, 0), mask=known)
    tl.store(out + C, tl.sum(square, 0), mask=known)


@triton.jit(do_not_specialize=["count"])  # type: ignore[untyped-decorator]
def _settle(  # type: ignore[no-untyped-def]
    sums,
    running_mean,
    running_var,
    weight,
    bias,
    offset,
    channel,
    count,
    unbiased,
    momentum,
    eps,
    spread,
    C,
    OFFSET: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Moments -> mean, 1 / deviation, scale and shift per channel (rows of `channel`); moves the running statistics."""
    c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    known = c < C
    pivot = tl.load(running_mean + c, mask=known, other=0.0)  # _moments measured from there
    away = tl.load(sums + c, mask=known, other=0.0) / count
    variance = tl.maximum(tl.load(sums + C + c, mask=known, other=0.0) / count - away * away, 0.0).to(tl.float32)
    mean = pivot + away.to(tl.float32)
    inverse = 1.0 / tl.sqrt(variance + eps)
    scale = spread * inverse * tl.load(weight + c, mask=known, other=0.0)
    tl.store(channel + c, mean, mask=known)
    tl.store(channel + C + c, inverse, mask=known)
    tl.store(channel + 2 * C + c, scale, mask=known)
    tl.store(channel + 3 * C + c, tl.load(bias + c, mask=known, other=0.0) - mean * scale, mask=known)
    seen = mean
    if OFFSET:
        seen += tl.load(offset + c, mask=known, other=0.0)
    tl.store(running_mean + c, pivot + momentum * (seen - pivot), mask=known)
    before = tl.load(running_var + c, mask=known, other=0.0)
    tl.store(running_var + c, before + momentum * (variance * unbiased - before), mask=known)


@triton.jit(do_not_specialize=["steps"])  # type: ignore[untyped-decorator]
def _forward(  # type: ignore[no-untyped-def]
    x,
    channel,
    spikes,
    membranes,
    leaks,
    rows,
    length,
    stride,
    steps,
    leak,
    threshold,
    C,
    LEARNED: tl.constexpr,
    SOFT: tl.constexpr,
    DOWN: tl.constexpr,
    ACROSS: tl.constexpr,
):
    """Scaled input -> spikes and membranes, step by step; `stride` is 0 where the input is constant in time.

    If learned, channel c has leaks[c] in place of the one leak.
    """
    r = tl.program_id(0) * DOWN + tl.arange(0, DOWN)
    c = tl.program_id(1) * ACROSS + tl.arange(0, ACROSS)
    mine = (r < rows)[:, None] & (c < C)[None, :]
    scale = tl.load(channel + 2 * C + c, mask=c < C, other=0.0)[None, :]
    shift = tl.load(channel + 3 * C + c, mask=c < C, other=0.0)[None, :]
    stays = tl.load(leaks + c, mask=c < C, other=0.0)[None, :] if LEARNED else leak
    target = r.to(tl.int64)[:, None] * C + c[None, :]
    source = x + target
    carried = tl.zeros((DOWN, ACROSS), tl.float32)
    for _ in range(steps):
        drive = tl.load(source, mask=mine, other=0.0).to(tl.float32) * scale + shift
        membrane = stays * carried + drive
        fired = membrane > threshold
        tl.store(spikes + target, tl.where(fired, 1.0, 0.0), mask=mine)
        tl.store(membranes + target, membrane, mask=mine)
        if SOFT:  # noqa: SIM108
            carried = tl.where(fired, membrane - threshold, membrane)
        else:
            carried = tl.where(fired, 0.0, membrane)
        source += stride
        target += length


@triton.jit(do_not_specialize=["steps"])  # type: ignore[untyped-decorator]
def _backward(  # type: ignore[no-untyped-def]
    x,
    channel,
    membranes,
    grad,
    leaks,
    out,
    partial,
    rows,
    length,
    stride,
    steps,
    leak,
    threshold,
    center,
    half_width,
    C,
    LEARNED: tl.constexpr,
    SHAPE: tl.constexpr,
    SOFT: tl.constexpr,
    CONSTANT: tl.constexpr,
    DOWN: tl.constexpr,
    ACROSS: tl.constexpr,
):
    """Gradient by the spikes -> by the drive; and its sum per channel, alone and times the normalised input.

    If the leaks are learned, a third sum is the gradient by them.
    """
    r = tl.program_id(0) * DOWN + tl.arange(0, DOWN)
    c = tl.program_id(1) * ACROSS + tl.arange(0, ACROSS)
    mine = (r < rows)[:, None] & (c < C)[None, :]
    mean = tl.load(channel + c, mask=c < C, other=0.0)[None, :]
    inverse = tl.load(channel + C + c, mask=c < C, other=0.0)[None, :]
    first = r.to(tl.int64)[:, None] * C + c[None, :]
    place = first + (steps - 1).to(tl.int64) * length
    source = x + first + (steps - 1).to(tl.int64) * stride
    later = tl.zeros((DOWN, ACROSS), tl.float32)  # gradient by the membrane that the next step started from
    total = tl.zeros((DOWN, ACROSS), tl.float32)
    along = tl.zeros((DOWN, ACROSS), tl.float32)
    of_leak = tl.zeros((DOWN, ACROSS), tl.float32)
    stays = tl.load(leaks + c, mask=c < C, other=0.0)[None, :] if LEARNED else leak
    for turn in range(steps):
        membrane = tl.load(membranes + place, mask=mine, other=0.0).to(tl.float32)
        incoming = tl.load(grad + place, mask=mine, other=0.0).to(tl.float32)
        normal = (tl.load(source, mask=mine, other=0.0).to(tl.float32) - mean) * inverse
        fired = membrane > threshold
        if SOFT:
            by_spike = incoming - later * threshold
            kept = later
        else:
            by_spike = incoming - later * membrane
            kept = tl.where(fired, 0.0, later)
        away = tl.abs(membrane - center)
        if SHAPE == "box":
            slope = tl.where(away < half_width, 1.0, 0.0)
        elif SHAPE == "triangle":
            slope = tl.maximum(1.0 - away / half_width, 0.0)
        else:
            slope = 1.0 / ((1.0 + away / half_width) * (1.0 + away / half_width))
        delta = by_spike * slope + kept
        later = stays * delta
        total += delta
        along += delta * normal
        if LEARNED:
            early = mine & (turn + 1 < steps)  # before the first step the membranes were 0
            before = tl.load(membranes + place - length, mask=early, other=0.0).to(tl.float32)
            of_leak += delta * tl.where(before > threshold, before - threshold if SOFT else 0.0, before)
        if not CONSTANT:
            tl.store(out + place, delta, mask=mine)
        place -= length
        source -= stride
    if CONSTANT:
        tl.store(out + first, total, mask=mine)
    sums = partial + tl.program_id(0) * (3 if LEARNED else 2) * C + c
    tl.store(sums, tl.sum(tl.where(mine, total, 0.0), 0), mask=c < C)
    tl.store(sums + C, tl.sum(tl.where(mine, along, 0.0), 0), mask=c < C)
    if LEARNED:
        tl.store(sums + 2 * C, tl.sum(tl.where(mine, of_leak, 0.0), 0), mask=c < C)


@triton.jit  # type: ignore[untyped-decorator]
def _through_norm(  # type: ignore[no-untyped-def]
    x, channel, delta, sums, out, rows, share, C, DOWN: tl.constexpr, ACROSS: tl.constexpr
):
    """Gradient by the drive -> by the input; `share` is 1 over the values per channel, 0 with running statistics."""
    r = tl.program_id(0) * DOWN + tl.arange(0, DOWN)
    c = tl.program_id(1) * ACROSS + tl.arange(0, ACROSS)
    mine = (r < rows)[:, None] & (c < C)[None, :]
    mean = tl.load(channel + c, mask=c < C, other=0.0)[None, :]
    inverse = tl.load(channel + C + c, mask=c < C, other=0.0)[None, :]
    scale = tl.load(channel + 2 * C + c, mask=c < C, other=0.0)[None, :]
    total = tl.load(sums + c, mask=c < C, other=0.0)[None, :]
    along = tl.load(sums + C + c, mask=c < C, other=0.0)[None, :]
    place = r.to(tl.int64)[:, None] * C + c[None, :]
    normal = (tl.load(x + place, mask=mine, other=0.0).to(tl.float32) - mean) * inverse
    passed = tl.load(delta + place, mask=mine, other=0.0).to(tl.float32)
    tl.store(out + place, scale * (passed - (total + normal * along) * share), mask=mine)


def _tile(channels: int, values: int) -> dict[str, int]:
    """Rows and channels of a tile with so many values."""
    across = min(triton.next_power_of_2(channels), 256)
    return {"DOWN": values // across, "ACROSS": across}


def _tiles(rows: int, channels: int, tile: dict[str, int]) -> tuple[int, int]:
    return triton.cdiv(rows, tile["DOWN"]), triton.cdiv(channels, tile["ACROSS"])


def _per_channel(x: Tensor, rows: int, norm: TdBatchNorm, spread: float, offset: Tensor | None, repeats: int) -> Tensor:
    """(4, C) mean, 1 / deviation, scale and shift of tdBN, by the batch or as tracked; moves the running statistics."""
    channels = len(norm.weight)
    if not norm.training:
        mean, inverse = norm.running_mean, (norm.running_var + norm.eps).rsqrt()
        scale = spread * inverse * norm.weight.detach()
        return torch.stack([mean, inverse, scale, norm.bias.detach() - mean * scale])
    tile = _tile(channels, _LONG_TILE)
    down, across = _tiles(rows, channels, tile)
    partial = x.new_empty((min(down, _PARTS), 2, channels), dtype=torch.float32)
    _moments[(len(partial), across)](x, norm.running_mean, partial, rows, channels, **tile)
    sums, count = shared_sum(partial.sum(0, dtype=torch.float64)), rows * _processes()
    channel = x.new_empty((4, channels), dtype=torch.float32)
    values = count * repeats
    _settle[(triton.cdiv(channels, 128),)](
        sums,
        norm.running_mean,
        norm.running_var,
        norm.weight,
        norm.bias,
        norm.bias if offset is None else offset,
        channel,
        count,
        values / max(values - 1, 1),
        norm.momentum,
        norm.eps,
        spread,
        channels,
        OFFSET=offset is not None,
        BLOCK=128,
    )
    return channel


def _processes() -> int:
    return dist.get_world_size() if several_processes() else 1


class _NormLif(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        leak: Tensor | None,
        offset: Tensor | None,
        norm: TdBatchNorm,
        neuron: NeuronConfig,
        input_steps: int,
        steps: int,
    ) -> Tensor:
        last, channels = x.movedim(1, -1).contiguous(), x.shape[1]
        rows = last.numel() // channels
        each, length = rows // input_steps, last.numel() // input_steps
        tile = _tile(channels, _TILE)
        with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
            channel = _per_channel(last, rows, norm, norm.alpha * neuron.threshold, offset, steps // input_steps)
            spikes, membranes = (
                last.new_empty((last.shape[0] // input_steps * steps, *last.shape[1:])) for _ in range(2)
            )
            _forward[_tiles(each, channels, tile)](
                last,
                channel,
                spikes,
                membranes,
                channel if leak is None else leak,
                each,
                length,
                length if input_steps > 1 else 0,
                steps,
                neuron.leak,
                neuron.threshold,
                channels,
                LEARNED=leak is not None,
                SOFT=neuron.reset == "soft",
                **tile,
            )
        ctx.save_for_backward(last, channel, membranes, leak)
        ctx.norm, ctx.neuron, ctx.input_steps, ctx.steps, ctx.training = norm, neuron, input_steps, steps, norm.training
        ctx.offset = offset
        return spikes.movedim(-1, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        last, channel, membranes, leak = ctx.saved_tensors
        neuron: NeuronConfig = ctx.neuron
        channels, input_steps = last.shape[-1], ctx.input_steps
        rows = last.numel() // channels
        each, length = rows // input_steps, last.numel() // input_steps
        tile = _tile(channels, _TILE)
        grid = _tiles(each, channels, tile)
        delta, out = torch.empty_like(last), torch.empty_like(last)
        partial = last.new_empty((grid[0], 2 if leak is None else 3, channels), dtype=torch.float32)
        with torch.cuda.device_of(last):  # type: ignore[no-untyped-call]
            _backward[grid](
                last,
                channel,
                membranes,
                grads[0].movedim(1, -1).contiguous(),
                channel if leak is None else leak,
                delta,
                partial,
                each,
                length,
                length if input_steps > 1 else 0,
                ctx.steps,
                neuron.leak,
                neuron.threshold,
                neuron.surrogate_center,
                neuron.surrogate_width / 2,
                channels,
                LEARNED=leak is not None,
                SHAPE=neuron.surrogate_shape,
                SOFT=neuron.reset == "soft",
                CONSTANT=input_steps < ctx.steps,
                **tile,
            )
            sums = partial.sum(0)
            _through_norm[_tiles(rows, channels, tile)](
                last,
                channel,
                delta,
                shared_sum(sums) if ctx.training else sums,
                out,
                rows,
                1 / (rows * _processes()) if ctx.training else 0.0,
                channels,
                **tile,
            )
        spread = ctx.norm.alpha * neuron.threshold
        of_offset = None if ctx.offset is None else torch.zeros_like(ctx.offset)
        of_leak = None if leak is None else sums[2]
        return out.movedim(-1, 1), spread * sums[1], sums[0], of_leak, of_offset, None, None, None, None


def norm_lif(
    x: Tensor,
    norm: TdBatchNorm,
    neuron: NeuronConfig,
    input_steps: int,
    steps: int,
    leak: Tensor | None = None,
    offset: Tensor | None = None,
) -> Tensor:
    """Spikes (T * N, C, ...) as `esvae_core.layers.norm_lif`, of x's type, float32 or bfloat16.

    Membranes are kept in that type for the way back, so with bfloat16 the surrogate's interval is cut with a precision
    of 2^-9; the spikes themselves come from float32.

    Args:
        x, norm, neuron, input_steps, steps, leak: as there.
        offset: (C,) what is still to be added to x, in training mode: a bias, which the batch's mean takes away
            again, so that only the running mean has to know of it and its gradient is 0.
    """
    spikes: Tensor = _NormLif.apply(  # type: ignore[no-untyped-call]
        x, norm.weight, norm.bias, leak, offset, norm, neuron, input_steps, steps
    )
    return spikes
