"""Spiking layers: a linear map, threshold-dependent batch normalisation (tdBN) and LIF neurons over time.

Time is folded into the batch: features are (T*N, C, H, W) or (T*N, F), time slowest. A layer whose input is the same
at every step takes (N, ...) and computes its linear map once.
"""

from __future__ import annotations

import threading
from typing import Any, cast

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from esvae_core import events, kernels
from esvae_core.config import NeuronConfig
from esvae_core.neurons import Run, lif

_ONE_AT_A_TIME = threading.Lock()  # Numba's fallback thread pool must not be entered twice; each entry uses all cores


class TdBatchNorm(nn.Module):
    """Threshold-dependent batch normalisation (docs/math.md, equation 4; Zheng et al., AAAI 2021), alpha = 1.

    Statistics are per channel over images, pixels and time; several processes share them.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    @torch.no_grad()
    def track(self, mean: Tensor, variance: Tensor, count: float) -> None:
        """Move the running statistics towards those of a batch of `count` values per channel."""
        unbiased = variance * (count / max(count - 1, 1))
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)


def _several_processes() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def _shared_sum(values: Tensor) -> Tensor:
    """The sum of `values` over all processes."""
    if _several_processes():
        values = values.clone()
        dist.all_reduce(values)
    return values


def _flat(x: Tensor, steps: int) -> Any:
    """A (steps * N, C, ...) tensor as a NumPy array (steps, N * ... * C) of the same memory, channels fastest."""
    last = x.movedim(1, -1).contiguous()
    return last.detach().numpy().reshape(steps, -1)


def _like(flat: Any, shape: torch.Size) -> Tensor:
    """The inverse of `_flat` for a tensor of that (rows, C, ...) shape; channels-last in memory."""
    return torch.from_numpy(flat.reshape(shape[0], *shape[2:], shape[1])).movedim(-1, 1)


class _FusedNormLif(torch.autograd.Function):
    """tdBN and LIF in one pass over memory each way; see `esvae_core.kernels`."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, norm: TdBatchNorm, neuron: NeuronConfig, now: int, steps: int
    ) -> Tensor:
        channels = x.shape[1]
        rows = kernels.rows_per_block(channels)
        flat = _flat(x, now)
        values = flat.size // channels * (steps // now)  # per channel, a constant input counted at every step
        if norm.training:
            with _ONE_AT_A_TIME:
                sums = kernels.channel_moments(flat, channels, rows)
            sums *= steps // now
            total = _shared_sum(torch.from_numpy(np.append(sums.ravel(), values)))
            count = float(total[-1])
            mean, square = total[:channels] / count, total[channels:-1] / count
            variance = (square - mean * mean).clamp_min(0)
            norm.track(mean, variance, count)
        else:
            count = float(values)
            mean, variance = norm.running_mean.double(), norm.running_var.double()
        inverse = (variance + norm.eps).rsqrt()
        scale = neuron.threshold * inverse * weight.detach().double()
        shift = bias.detach().double() - mean * scale
        spikes = np.empty((steps, flat.shape[1]), np.float32)
        with _ONE_AT_A_TIME:
            kernels.forward(
                flat,
                scale.float().numpy(),
                shift.float().numpy(),
                rows,
                neuron.leak,
                neuron.threshold,
                neuron.reset == "soft",
                spikes,
            )
        ctx.save_for_backward(x, scale, shift, mean, inverse)
        ctx.neuron, ctx.now, ctx.steps, ctx.count, ctx.batch_statistics = neuron, now, steps, count, norm.training
        return _like(spikes, torch.Size((x.shape[0] // now * steps, *x.shape[1:])))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, shift, mean, inverse = ctx.saved_tensors
        neuron: NeuronConfig = ctx.neuron
        channels = x.shape[1]
        rows = kernels.rows_per_block(channels)
        flat = _flat(x, ctx.now)
        delta = np.empty_like(flat)
        with _ONE_AT_A_TIME:
            sums = kernels.backward(
                flat,
                _flat(grads[0], ctx.steps),
                scale.float().numpy(),
                shift.float().numpy(),
                rows,
                neuron.leak,
                neuron.threshold,
                neuron.reset == "soft",
                neuron.surrogate_center,
                neuron.surrogate_width / 2,
                delta,
            )
        local = torch.from_numpy(sums)
        of_shift = local[0]
        of_weight = neuron.threshold * inverse * (local[1] - mean * local[0])
        of_x, constant = torch.zeros_like(scale), torch.zeros_like(scale)
        if ctx.batch_statistics:
            total = _shared_sum(local)
            repeats = ctx.steps // ctx.now
            along = scale * repeats * inverse * inverse * (total[1] - mean * total[0]) / ctx.count
            of_x, constant = -along, along * mean - scale * repeats * total[0] / ctx.count
        with _ONE_AT_A_TIME:
            kernels.affine(delta, flat, scale.float().numpy(), of_x.float().numpy(), constant.float().numpy(), rows)
        return _like(delta, x.shape), of_weight.float(), of_shift.float(), None, None, None, None


def _batch_statistics(x: Tensor) -> tuple[Tensor, Tensor, float]:
    """Mean and variance per channel over all rows of all processes, and how many values that were."""
    over = [0, *range(2, x.dim())]
    if not _several_processes():
        return x.mean(over), x.var(over, correction=0), x.numel() / x.shape[1]
    from torch.distributed.nn.functional import all_reduce

    local = torch.cat([x.sum(over), x.square().sum(over), x.new_tensor([x.numel() / x.shape[1]])])
    sums = all_reduce(local)  # type: ignore[no-untyped-call]
    mean, square = sums[:-1].view(2, -1) / sums[-1]
    return mean, (square - mean * mean).clamp_min(0), float(sums[-1].detach())


def _normalise(x: Tensor, norm: TdBatchNorm, neuron: NeuronConfig, repeats: int) -> Tensor:
    """tdBN in plain torch operations; `repeats` is how many steps each row of x stands for."""
    column = (1, -1, *[1] * (x.dim() - 2))
    mean, variance = norm.running_mean, norm.running_var
    if norm.training:
        mean, variance, count = _batch_statistics(x)
        norm.track(mean.detach(), variance.detach(), count * repeats)
    scale = neuron.threshold * (variance + norm.eps).rsqrt() * norm.weight
    return (x - mean.view(column)) * scale.view(column) + norm.bias.view(column)


def norm_lif_reference(x: Tensor, norm: TdBatchNorm, neuron: NeuronConfig, now: int, steps: int) -> Run:
    """tdBN and LIF step by step, membranes included: any device, any floating type; the slow twin of `norm_lif`.

    Args:
        x: (now * N, C, ...) pre-activations.
        norm: its mode (training or evaluation) decides which statistics are used.
        neuron: leak, threshold, reset and surrogate.
        now: time steps in x: `steps`, or 1 where the input is the same at every step.
        steps: time steps to run (T).

    Returns:
        Spikes and membranes, each (T, N, C, ...).
    """
    drive = _normalise(x.float(), norm, neuron, steps // now)
    drive = drive.view(now, -1, *x.shape[1:])
    return lif(drive.expand(steps, *drive.shape[1:]), neuron)


def norm_lif(x: Tensor, norm: TdBatchNorm, neuron: NeuronConfig, now: int, steps: int) -> Tensor:
    """tdBN and LIF over time, by the fastest way the device has.

    Arguments as in `norm_lif_reference`.

    Returns:
        Spikes (T * N, C, ...), time slowest; float32.
    """
    if x.device.type == "cpu":
        spikes: Tensor = _FusedNormLif.apply(  # type: ignore[no-untyped-call]
            x.float(), norm.weight, norm.bias, norm, neuron, now, steps
        )
        return spikes
    return norm_lif_reference(x, norm, neuron, now, steps).spikes.flatten(0, 1)


class _SpikeConvolution(torch.autograd.Function):
    """Convolution of spikes by additions (`esvae_core.events`); of the spikes only bits are kept for the backward."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, bits: events.Bits, way: events.Way, low: bool
    ) -> Tensor:
        with _ONE_AT_A_TIME:
            out = events.convolve(bits, events.tiles(_rows(weight, way)), bias.detach().numpy(), way)
        ctx.save_for_backward(weight)
        ctx.bits, ctx.way, ctx.low, ctx.shape = bits, way, low, x.shape
        return _like(out, torch.Size((len(x), out.shape[-1], *way.size)))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        way, grad = ctx.way, grads[0]
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[1] or ctx.needs_input_grad[2]:
            flat = _flat(grad, len(grad)).reshape(len(grad), -1, grad.shape[1])
            with _ONE_AT_A_TIME:
                rows, of_rows = events.weight_gradient(ctx.bits, flat, way, ctx.shape[1])
            by_tap = torch.from_numpy(rows).view(way.kernel, way.kernel, ctx.shape[1], -1)
            of_weight = by_tap.permute((2, 3, 0, 1) if way.transposed else (3, 2, 0, 1))
            of_bias = torch.from_numpy(of_rows)
        if ctx.needs_input_grad[0]:
            kind = torch.bfloat16 if ctx.low else torch.float32
            only_shape = grad.new_empty(1, dtype=kind).expand(ctx.shape)
            of_x = torch.ops.aten.convolution_backward(
                grad.to(kind).contiguous(memory_format=torch.channels_last),
                only_shape,
                weight.to(kind),
                None,
                [way.stride] * 2,
                [way.padding] * 2,
                [1, 1],
                way.transposed,
                [way.extra] * 2,
                1,
                [True, False, False],
            )[0].float()
        return of_x, of_weight, of_bias, None, None, None


def _rows(weight: Tensor, way: events.Way) -> Any:
    """A convolution's weights as rows (taps * inputs, outputs)."""
    by_tap = weight.detach().permute((2, 3, 0, 1) if way.transposed else (2, 3, 1, 0))
    return by_tap.reshape(-1, by_tap.shape[3]).numpy()


def apply(transform: nn.Module, x: Tensor) -> Tensor:
    """transform(x), by the fastest way: few spikes convolved on the CPU are added up one by one."""
    if not isinstance(transform, nn.Conv2d | nn.ConvTranspose2d) or x.device.type != "cpu":
        return cast(Tensor, transform(x))
    if x.dtype != torch.float32 or transform.weight.dtype != torch.float32:
        return cast(Tensor, transform(x))
    with _ONE_AT_A_TIME:
        bits, rate = events.pack(_flat(x, len(x)).reshape(-1, x.shape[1]))
    if not rate <= events.DENSE_ABOVE:  # many spikes, or other numbers than 0 and 1
        return cast(Tensor, transform(x))
    kernel, stride, padding = transform.kernel_size[0], transform.stride[0], transform.padding[0]
    extra = transform.output_padding[0] if isinstance(transform, nn.ConvTranspose2d) else None
    way = events.way(x.shape[2], x.shape[3], kernel, stride, int(padding), extra)
    bits = bits.reshape(len(x), -1, bits.shape[1])
    low = torch.is_autocast_enabled("cpu")
    out: Tensor = _SpikeConvolution.apply(  # type: ignore[no-untyped-call]
        x, transform.weight, transform.bias, bits, way, low
    )
    return out


class SpikingLayer(nn.Module):
    """A linear map (convolution, transposed convolution or matrix), tdBN, and LIF neurons."""

    def __init__(self, transform: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, neuron: NeuronConfig) -> None:
        super().__init__()
        self.transform = transform
        width = transform.out_features if isinstance(transform, nn.Linear) else transform.out_channels
        self.norm = TdBatchNorm(width)
        self.neuron = neuron

    def forward(self, x: Tensor, now: int, steps: int) -> Tensor:
        """(now * N, ...) -> spikes (steps * N, ...); `now` is `steps`, or 1 for an input constant in time."""
        return norm_lif(apply(self.transform, x), self.norm, self.neuron, now, steps)

    def run(self, x: Tensor, now: int, steps: int) -> Run:
        """As `forward`, step by step, with the membranes: both (steps, N, ...)."""
        return norm_lif_reference(self.transform(x), self.norm, self.neuron, now, steps)


def down(channels_in: int, channels_out: int, neuron: NeuronConfig) -> SpikingLayer:
    """3x3 spiking convolution that halves height and width."""
    return SpikingLayer(nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1), neuron)


def up(channels_in: int, channels_out: int, neuron: NeuronConfig) -> SpikingLayer:
    """3x3 transposed spiking convolution that doubles height and width."""
    return SpikingLayer(nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1), neuron)


def dense(features_in: int, features_out: int, neuron: NeuronConfig) -> SpikingLayer:
    """Fully connected spiking layer."""
    return SpikingLayer(nn.Linear(features_in, features_out), neuron)
