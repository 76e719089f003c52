"""The CPU's fast paths as functions that torch can differentiate: tdBN with LIF, convolutions of spikes, and layers
whose memory is bounded by working through the batch in parts.

The compiled kernels are `esvae_core.kernels` and `esvae_core.spike_conv`; the slow twin is `norm_lif_reference` behind
the layer's own convolution (`esvae_core.layers`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from esvae_core import kernels, spike_conv
from esvae_core.config import NeuronConfig
from esvae_core.kernels import F32
from esvae_core.tdbn import TdBatchNorm, shared_sum

SHAPES = {"box": kernels.BOX, "triangle": kernels.TRIANGLE, "fast-sigmoid": kernels.FAST_SIGMOID}

_ONE_AT_A_TIME = threading.Lock()  # Numba's fallback thread pool must not be entered twice; each entry uses all cores


def _flat(x: Tensor, steps: int) -> Any:
    """A (steps * N, C, ...) tensor as a NumPy array (steps, N * ... * C) of the same memory, channels fastest."""
    last = x.movedim(1, -1).contiguous()
    return last.detach().numpy().reshape(steps, -1)


def _like(flat: Any, shape: torch.Size) -> Tensor:
    """The inverse of `_flat` for a tensor of that (rows, C, ...) shape; channels-last in memory."""
    return torch.from_numpy(flat.reshape(shape[0], *shape[2:], shape[1])).movedim(-1, 1)


# ---- tdBN and LIF ----------------------------------------------------------------------------------------------------


class _Scaling(NamedTuple):
    """What tdBN does to a batch: scale * x + shift per channel, (C,) float64 each, and where that came from."""

    scale: Tensor
    shift: Tensor
    mean: Tensor
    inverse: Tensor
    """1 / standard deviation."""
    spread: float
    """alpha V_th: the deviation that tdBN aims at, before its weight."""
    values: float
    """Values per channel behind the statistics, all processes together; 0 where they are the running ones."""


def _moments(flat: F32, channels: int) -> Tensor:
    """(2, C): sum and sum of squares per channel."""
    with _ONE_AT_A_TIME:
        return torch.from_numpy(kernels.channel_moments(flat, channels, kernels.rows_per_block(channels)))


def _scaling(norm: TdBatchNorm, neuron: NeuronConfig, moments: Tensor | None, values: float) -> _Scaling:
    """tdBN from the moments of a batch of `values` per channel, which are tracked; without them, as tracked so far."""
    if moments is None:
        count, mean, variance = 0.0, norm.running_mean.double(), norm.running_var.double()
    else:
        total = shared_sum(torch.cat([moments.flatten(), moments.new_tensor([values])]))
        count = float(total[-1])
        mean, square = (total[:-1] / count).view(2, -1)
        variance = (square - mean * mean).clamp_min(0)
        norm.track(mean, variance, count)
    inverse = (variance + norm.eps).rsqrt()
    spread = norm.alpha * neuron.threshold
    scale = spread * inverse * norm.weight.detach().double()
    return _Scaling(scale, norm.bias.detach().double() - mean * scale, mean, inverse, spread, count)


def _leaks(leak: Tensor | None, neuron: NeuronConfig, channels: int) -> F32:
    """(C,): the learned ones, or the neuron's."""
    if leak is None:
        return np.full(channels, neuron.leak, np.float32)
    learned: F32 = leak.detach().float().contiguous().numpy()
    return learned


def _fire(flat: F32, by: _Scaling, neuron: NeuronConfig, leaks: F32, steps: int) -> F32:
    """Spikes (steps, L) of LIF neurons driven by scaled `flat` (input_steps, L)."""
    spikes = np.empty((steps, flat.shape[1]), np.float32)
    scale, shift = by.scale.float().numpy(), by.shift.float().numpy()
    rows, soft = kernels.rows_per_block(len(scale)), neuron.reset == "soft"
    with _ONE_AT_A_TIME:
        kernels.forward(flat, scale, shift, leaks, rows, neuron.threshold, soft, spikes)
    return spikes


def _back(flat: F32, grad: F32, by: _Scaling, neuron: NeuronConfig, leaks: F32) -> tuple[F32, Tensor]:
    """Gradient by the scaled drive (input_steps, L), and its moments per channel (3, C), given that by the spikes."""
    delta = np.empty_like(flat)
    scale, shift = by.scale.float().numpy(), by.shift.float().numpy()
    with _ONE_AT_A_TIME:
        moments = kernels.backward(
            flat,
            grad,
            scale,
            shift,
            leaks,
            neuron.learned_leak,
            kernels.rows_per_block(len(scale)),
            neuron.threshold,
            neuron.reset == "soft",
            SHAPES[neuron.surrogate_shape],
            neuron.surrogate_center,
            neuron.surrogate_width / 2,
            delta,
        )
    return delta, torch.from_numpy(moments)


def _through_norm(delta: F32, flat: F32, by: _Scaling, moments: Tensor, repeats: int) -> None:
    """Gradient by the drive -> by x, in place; `moments` are the whole batch's, x stands for `repeats` steps."""
    of_x, constant = torch.zeros_like(by.scale), torch.zeros_like(by.scale)
    if by.values:
        along = by.scale * repeats * by.inverse.square() * (moments[1] - by.mean * moments[0]) / by.values
        of_x, constant = -along, along * by.mean - by.scale * repeats * moments[0] / by.values
    rows = kernels.rows_per_block(len(by.scale))
    with _ONE_AT_A_TIME:
        kernels.affine(delta, flat, by.scale.float().numpy(), of_x.float().numpy(), constant.float().numpy(), rows)


def _of_norm(by: _Scaling, moments: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients by tdBN's weight and bias, from this process's moments."""
    of_weight = by.spread * by.inverse * (moments[1] - by.mean * moments[0])
    return of_weight.float(), moments[0].float()


class NormLif(torch.autograd.Function):
    """tdBN and LIF in one pass over memory each way; arguments as `esvae_core.layers.norm_lif`, parameters apart."""

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        leak: Tensor | None,
        norm: TdBatchNorm,
        neuron: NeuronConfig,
        input_steps: int,
        steps: int,
    ) -> Tensor:
        flat, channels, repeats = (
            _flat(x, input_steps),
            x.shape[1],
            steps // input_steps,
        )  # a constant input counts at every step
        moments = _moments(flat, channels) * repeats if norm.training else None
        by = _scaling(norm, neuron, moments, flat.size // channels * repeats)
        leaks = _leaks(leak, neuron, channels)
        spikes = _fire(flat, by, neuron, leaks, steps)
        ctx.save_for_backward(x)
        ctx.by, ctx.neuron, ctx.leaks, ctx.learned, ctx.input_steps, ctx.steps = (
            by,
            neuron,
            leaks,
            leak is not None,
            input_steps,
            steps,
        )
        return _like(spikes, torch.Size((x.shape[0] // input_steps * steps, *x.shape[1:])))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        (x,) = ctx.saved_tensors
        flat = _flat(x, ctx.input_steps)
        delta, moments = _back(flat, _flat(grads[0], ctx.steps), ctx.by, ctx.neuron, ctx.leaks)
        whole = shared_sum(moments) if ctx.by.values else moments
        _through_norm(delta, flat, ctx.by, whole, ctx.steps // ctx.input_steps)
        of_leak = moments[2].float() if ctx.learned else None
        return _like(delta, x.shape), *_of_norm(ctx.by, moments), of_leak, None, None, None, None


# ---- convolutions of spikes ------------------------------------------------------------------------------------------


class _SpikeConvolution(torch.autograd.Function):
    """Convolution of spikes by additions (`esvae_core.spike_conv`); only the spikes' bits are kept for the backward."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        bits: spike_conv.Bits,
        geometry: spike_conv.ConvGeometry,
        low: bool,
    ) -> Tensor:
        with _ONE_AT_A_TIME:
            out = spike_conv.convolve(bits, spike_conv.tiles(_rows(weight, geometry)), bias.detach().numpy(), geometry)
        ctx.save_for_backward(weight)
        ctx.bits, ctx.geometry, ctx.low, ctx.shape = bits, geometry, low, x.shape
        return _like(out, torch.Size((len(x), out.shape[-1], *geometry.size)))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        geometry, grad = ctx.geometry, grads[0]
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[1] or ctx.needs_input_grad[2]:
            flat = _flat(grad, len(grad)).reshape(len(grad), -1, grad.shape[1])
            with _ONE_AT_A_TIME:
                rows, of_rows = spike_conv.weight_gradient(ctx.bits, flat, geometry, ctx.shape[1])
            by_tap = torch.from_numpy(rows).view(geometry.kernel, geometry.kernel, ctx.shape[1], -1)
            of_weight = by_tap.permute((2, 3, 0, 1) if geometry.transposed else (3, 2, 0, 1))
            of_bias = torch.from_numpy(of_rows)
        if ctx.needs_input_grad[0]:
            kind = torch.bfloat16 if ctx.low else torch.float32
            only_shape = grad.new_empty(1, dtype=kind).expand(ctx.shape)
            of_x = torch.ops.aten.convolution_backward(
                grad.to(kind).contiguous(memory_format=torch.channels_last),
                only_shape,
                weight.to(kind),
                None,
                [geometry.stride] * 2,
                [geometry.padding] * 2,
                [1, 1],
                geometry.transposed,
                [geometry.extra] * 2,
                1,
                [True, False, False],
            )[0].float()
        return of_x, of_weight, of_bias, None, None, None


def _rows(weight: Tensor, geometry: spike_conv.ConvGeometry) -> Any:
    """A convolution's weights as rows (taps * inputs, outputs)."""
    by_tap = weight.detach().permute((2, 3, 0, 1) if geometry.transposed else (2, 3, 1, 0))
    return by_tap.reshape(-1, by_tap.shape[3]).numpy()


def apply(transform: nn.Module, x: Tensor) -> Tensor:
    """transform(x), by the fastest geometry: few spikes convolved on the CPU are added up one by one."""
    if not isinstance(transform, nn.Conv2d | nn.ConvTranspose2d) or x.device.type != "cpu":
        return cast(Tensor, transform(x))
    if x.dtype != torch.float32 or transform.weight.dtype != torch.float32:
        return cast(Tensor, transform(x))
    if transform._forward_hooks or transform._forward_pre_hooks:  # somebody watches it run
        return cast(Tensor, transform(x))
    with _ONE_AT_A_TIME:
        bits, rate = spike_conv.pack_bits(_flat(x, len(x)).reshape(-1, x.shape[1]))
    if not rate <= spike_conv.DENSE_ABOVE:  # many spikes, or other numbers than 0 and 1
        return cast(Tensor, transform(x))
    kernel, stride, padding = transform.kernel_size[0], transform.stride[0], transform.padding[0]
    extra = transform.output_padding[0] if isinstance(transform, nn.ConvTranspose2d) else None
    geometry = spike_conv.conv_geometry(x.shape[2], x.shape[3], kernel, stride, int(padding), extra)
    bits = bits.reshape(len(x), -1, bits.shape[1])
    low = torch.is_autocast_enabled("cpu")
    out: Tensor = _SpikeConvolution.apply(  # type: ignore[no-untyped-call]
        x, transform.weight, transform.bias, bits, geometry, low
    )
    return out


# ---- a layer in bounded memory ---------------------------------------------------------------------------------------


class Bounded(torch.autograd.Function):
    """Convolution, tdBN and LIF over the batch in parts of some images, with the statistics of the whole batch.

    Feature maps are computed anew whenever a part needs them: once for the statistics, once for the spikes, and twice
    on the way back, for the gradient's statistics and for the gradient. Only input and output spikes are kept whole.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        norm_weight: Tensor,
        norm_bias: Tensor,
        leak: Tensor | None,
        transform: nn.Module,
        norm: TdBatchNorm,
        neuron: NeuronConfig,
        steps: int,
        images: int,
    ) -> Tensor:
        low = torch.is_autocast_enabled("cpu")
        moments, values = None, 0
        if norm.training:
            moments = torch.zeros(2, len(norm.weight), dtype=torch.float64)
            for part in _parts(x, steps, images):
                drive = _convolved(transform, part, low)
                moments += _moments(_flat(drive, steps), drive.shape[1])
                values += drive.numel() // drive.shape[1]
        by = _scaling(norm, neuron, moments, values)
        leaks = _leaks(leak, neuron, len(norm.weight))
        spikes, first = torch.empty(0), 0
        for part in _parts(x, steps, images):
            drive, count = _convolved(transform, part, low), len(part) // steps
            if not first:
                spikes = torch.empty((steps, len(x) // steps, *drive.shape[2:], drive.shape[1]))
            fired = torch.from_numpy(_fire(_flat(drive, steps), by, neuron, leaks, steps))
            spikes[:, first : first + count] = fired.view(steps, count, *spikes.shape[2:])
            first += count
        ctx.save_for_backward(x)
        ctx.by, ctx.transform, ctx.neuron, ctx.leaks, ctx.learned = by, transform, neuron, leaks, leak is not None
        ctx.steps, ctx.images, ctx.low = steps, images, low
        return spikes.flatten(0, 1).movedim(-1, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        (x,) = ctx.saved_tensors
        transform, by, neuron, leaks, steps, images = (
            ctx.transform, ctx.by, ctx.neuron, ctx.leaks, ctx.steps, ctx.images
        )  # fmt: skip
        moments = torch.zeros(3, len(by.scale), dtype=torch.float64)
        for part, grad in zip(_parts(x, steps, images), _parts(grads[0], steps, images), strict=True):
            drive = _convolved(transform, part, ctx.low)
            moments += _back(_flat(drive, steps), _flat(grad, steps), by, neuron, leaks)[1]
        whole = shared_sum(moments) if by.values else moments
        of_x = torch.empty((steps, len(x) // steps, *x.shape[2:], x.shape[1]))
        of_weight, of_bias = torch.zeros_like(transform.weight), torch.zeros_like(transform.bias)
        first = 0
        for part, grad in zip(_parts(x, steps, images), _parts(grads[0], steps, images), strict=True):
            part.requires_grad_()
            with torch.enable_grad():
                drive = _convolved(transform, part, ctx.low)
            flat = _flat(drive, steps)
            delta, _ = _back(flat, _flat(grad, steps), by, neuron, leaks)
            _through_norm(delta, flat, by, whole, 1)
            of_part, more_weight, more_bias = torch.autograd.grad(
                drive, [part, transform.weight, transform.bias], _like(delta, drive.shape)
            )
            count = len(part) // steps
            of_x[:, first : first + count] = of_part.movedim(1, -1).reshape(steps, count, *of_x.shape[2:])
            of_weight += more_weight
            of_bias += more_bias
            first += count
        of_x = of_x.flatten(0, 1).movedim(-1, 1)
        of_leak = moments[2].float() if ctx.learned else None
        return of_x, of_weight, of_bias, *_of_norm(by, moments), of_leak, None, None, None, None, None


def _convolved(transform: nn.Module, x: Tensor, low: bool) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        return apply(transform, x).float()


def _parts(x: Tensor, steps: int, images: int) -> Iterator[Tensor]:
    """(T * N, C, ...) -> (T * n, C, ...), n images at a time, channels-last as the kernels want them."""
    last = x.detach().movedim(1, -1)
    by_step = last.view(steps, -1, *last.shape[1:])
    for first in range(0, by_step.shape[1], images):
        yield by_step[:, first : first + images].flatten(0, 1).movedim(-1, 1)
