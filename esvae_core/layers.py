"""Spiking layers: a linear map, threshold-dependent batch normalisation (tdBN) and LIF neurons over time.

Time is folded into the batch: features are (T*N, C, H, W) or (T*N, F), time slowest. A layer whose input is the same
at every step takes (N, ...) and computes its linear map once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from esvae_core.config import NeuronConfig
from esvae_core.fused import SHAPES, Bounded, NormLif, apply
from esvae_core.leaks import leak_logits
from esvae_core.neurons import Run, over_time
from esvae_core.parts import NEURONS, State
from esvae_core.tdbn import TdBatchNorm, several_processes

_log = logging.getLogger(__name__)


def _batch_statistics(x: Tensor) -> tuple[Tensor, Tensor, float]:
    """Mean and variance per channel over all rows of all processes, and how many values that were."""
    over = [0, *range(2, x.dim())]
    if not several_processes():
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
    scale = norm.alpha * neuron.threshold * (variance + norm.eps).rsqrt() * norm.weight
    return (x - mean.view(column)) * scale.view(column) + norm.bias.view(column)


def norm_lif_reference(
    x: Tensor, norm: TdBatchNorm, neuron: NeuronConfig, input_steps: int, steps: int, leak: Tensor | None = None
) -> Run:
    """tdBN and neurons step by step, membranes included: any device, any floating type; the slow twin of `norm_lif`.

    Args:
        x: (input_steps * N, C, ...) pre-activations.
        norm: its mode (training or evaluation) decides which statistics are used.
        neuron: which they are, leak, threshold, reset and surrogate.
        input_steps: time steps in x: `steps`, or 1 where the input is the same at every step.
        steps: time steps to run (T).
        leak: (C,) in place of the neuron's.

    Returns:
        Spikes and membranes, each (T, N, C, ...).
    """
    drive = _normalise(x.float(), norm, neuron, steps // input_steps)
    drive = drive.view(input_steps, -1, *x.shape[1:])
    if leak is not None:
        leak = leak.view(-1, *[1] * (x.dim() - 2))
    return over_time(drive.expand(steps, *drive.shape[1:]), neuron, leak)


def norm_lif(
    x: Tensor, norm: TdBatchNorm, neuron: NeuronConfig, input_steps: int, steps: int, leak: Tensor | None = None
) -> Tensor:
    """tdBN and LIF over time, by the fastest way the device has.

    Arguments as in `norm_lif_reference`.

    Returns:
        Spikes (T * N, C, ...), time slowest; float32, or on CUDA of x's type, which bfloat16 holds exactly.
    """
    if x.device.type == "cpu":
        spikes: Tensor = NormLif.apply(  # type: ignore[no-untyped-call]
            x.float(), norm.weight, norm.bias, leak, norm, neuron, input_steps, steps
        )
        return spikes
    fast = _on_cuda() if x.device.type == "cuda" else None
    if fast is None:
        return norm_lif_reference(x, norm, neuron, input_steps, steps, leak).spikes.flatten(0, 1)
    return fast(x, norm, neuron, input_steps, steps, leak, None)


FastNormLif = Callable[[Tensor, TdBatchNorm, NeuronConfig, int, int, Tensor | None, Tensor | None], Tensor]


@cache
def _on_cuda() -> FastNormLif | None:
    try:
        from esvae_core.triton_lif import norm_lif as fast
    except ImportError as error:
        _log.warning("no fused neurons on CUDA, the slow ones are used: %s", error)
        return None
    return fast


def _without_bias(transform: nn.Module, x: Tensor) -> Tensor:
    """transform(x) less its bias."""
    if isinstance(transform, nn.Linear):
        return F.linear(x, transform.weight)
    if isinstance(transform, nn.Conv2d):
        return F.conv2d(x, transform.weight, None, transform.stride, transform.padding)
    assert isinstance(transform, nn.ConvTranspose2d)
    stride, padding, extra = transform.stride, transform.padding, transform.output_padding
    assert isinstance(padding, tuple)
    return F.conv_transpose2d(x, transform.weight, None, stride, padding, extra)


def _is_compiled(neuron: NeuronConfig) -> bool:
    """Whether the compiled kernels have these dynamics and this surrogate."""
    return neuron.dynamics == "lif" and neuron.surrogate_shape in SHAPES


class SpikingLayer(nn.Module):
    """A linear map (convolution, transposed convolution or matrix), tdBN, and neurons: LIF, or of one's own."""

    def __init__(
        self, transform: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, neuron: NeuronConfig, *, alpha: float = 1.0
    ) -> None:
        super().__init__()
        self.transform = transform
        width = transform.out_features if isinstance(transform, nn.Linear) else transform.out_channels
        self.norm = TdBatchNorm(width, alpha=alpha)
        self.neuron = neuron
        self.leak_logit = leak_logits(neuron.leak, width) if neuron.learned_leak else None
        self.images_at_a_time: int | None = None

    def forward(self, x: Tensor, input_steps: int, steps: int) -> Tensor:
        """(input_steps * N, ...) -> spikes (steps * N, ...); `input_steps` is `steps`, or 1 for constant input."""
        # what traces PyTorch's operations cannot look into compiled kernels
        if torch.compiler.is_compiling() or not _is_compiled(self.neuron):
            return self.run(x, input_steps, steps).spikes.flatten(0, 1)
        images, transform = self.images_at_a_time, self.transform
        convolves = isinstance(transform, nn.Conv2d | nn.ConvTranspose2d)
        if images and convolves and x.requires_grad and x.device.type == "cpu" and images * input_steps < len(x):
            spikes: Tensor = Bounded.apply(  # type: ignore[no-untyped-call]
                x,
                transform.weight,
                transform.bias,
                self.norm.weight,
                self.norm.bias,
                self.leak(),
                transform,
                self.norm,
                self.neuron,
                steps,
                images,
            )
            return spikes
        fast = _on_cuda() if x.device.type == "cuda" and self.norm.training else None
        if fast is not None:
            return fast(
                _without_bias(transform, x), self.norm, self.neuron, input_steps, steps, self.leak(), transform.bias
            )
        return norm_lif(apply(self.transform, x), self.norm, self.neuron, input_steps, steps, self.leak())

    def leak(self) -> Tensor | None:
        """(C,) in (0, 1): the leak each channel has learned (Fang et al., ICCV 2021); None: all have the neuron's."""
        return None if self.leak_logit is None else self.leak_logit.sigmoid()

    def run(self, x: Tensor, input_steps: int, steps: int) -> Run:
        """As `forward`, step by step, with the membranes: both (steps, N, ...)."""
        return norm_lif_reference(self.transform(x), self.norm, self.neuron, input_steps, steps, self.leak())

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """One time step alone, in evaluation mode, where the normalisation does not depend on the other steps.

        Args:
            x: (N, ...) input of the step.
            state: what the neurons kept of the step before; empty before the first.

        Returns:
            Spikes (N, ...), and what the neurons keep.
        """
        leak = self.leak()
        if leak is not None:
            leak = leak.view(-1, *[1] * (x.dim() - 2))
        drive = _normalise(self.transform(x).float(), self.norm, self.neuron, 1)
        fired, _, kept = NEURONS[self.neuron.dynamics](drive, state, self.neuron, leak)
        return fired, kept


def bound_memory(model: nn.Module, images: int | None) -> None:
    """Let the spiking layers of `model`, in training on the CPU, hold the feature maps of that many images at a time.

    Statistics, spikes and gradients stay those of the whole batch; what it saves in memory it costs in time, because
    feature maps are computed again when they are needed. None: all images at once.
    """
    for module in model.modules():
        if isinstance(module, SpikingLayer):
            module.images_at_a_time = images


def down(channels_in: int, channels_out: int, neuron: NeuronConfig) -> SpikingLayer:
    """3x3 spiking convolution that halves height and width."""
    return SpikingLayer(nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1), neuron)


def up(channels_in: int, channels_out: int, neuron: NeuronConfig) -> SpikingLayer:
    """3x3 transposed spiking convolution that doubles height and width."""
    return SpikingLayer(nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1), neuron)


def dense(features_in: int, features_out: int, neuron: NeuronConfig, *, alpha: float = 1.0) -> SpikingLayer:
    """Fully connected spiking layer."""
    return SpikingLayer(nn.Linear(features_in, features_out), neuron, alpha=alpha)
