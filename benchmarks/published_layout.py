"""The published network, written anew from its equations and in its own layout: slow, plain, independent.

Time comes last, (N, C, H, W, T), as in the published code; convolutions are three-dimensional with kernels of length 1
in time; the readout convolves every step and then weighs the steps. Nothing of `esvae_core` is imported here, so
agreement with it is evidence. The benchmarks compare with it, and the tests hold the library against it.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
from torch import Tensor, nn

LEAK, THRESHOLD, DECAY, EPS = 0.25, 0.2, 0.8, 1e-5


class _Fire(torch.autograd.Function):
    """[u > V_th]; gradient 1 where |u| < 1/2."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > THRESHOLD).float()

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad * (u.abs() < 0.5).float()


class _Draw(torch.autograd.Function):
    """[r > u]; gradient 1 where |r - u| < 1/2."""

    @staticmethod
    def forward(ctx, rates, noise):
        ctx.save_for_backward(rates, noise)
        return (rates > noise).float()

    @staticmethod
    def backward(ctx, grad):
        rates, noise = ctx.saved_tensors
        return grad * ((rates - noise).abs() < 0.5).float(), None


def lif(x: Tensor) -> Tensor:
    """Spikes of LIF neurons driven by x; time is the last axis of both."""
    u, o, spikes = torch.zeros_like(x[..., 0]), torch.zeros_like(x[..., 0]), []
    for t in range(x.shape[-1]):
        u = LEAK * u * (1 - o) + x[..., t]
        o = _Fire.apply(u)
        spikes.append(o)
    return torch.stack(spikes, -1)


class TdBatchNorm(nn.Module):
    """tdBN over (N, ..., T): channel is axis 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        column = (1, -1, *[1] * (x.dim() - 2))
        mean, variance = self.running_mean, self.running_var
        if self.training:
            axes = [0, *range(2, x.dim())]
            mean, variance = x.mean(axes), x.var(axes, correction=0)
            with torch.no_grad():
                count = x.numel() / x.shape[1]
                self.running_mean += 0.1 * (mean - self.running_mean)
                self.running_var += 0.1 * (variance * count / (count - 1) - self.running_var)
                self.num_batches_tracked += 1
        normal = (x - mean.view(column)) / torch.sqrt(variance.view(column) + EPS)
        return self.weight.view(column) * (THRESHOLD * normal) + self.bias.view(column)


class Conv(nn.Conv3d):
    """3x3, stride 2, over every time step; tdBN; LIF."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, (3, 3, 1), (2, 2, 1), (1, 1, 0))
        self.bn = TdBatchNorm(after)

    def forward(self, x: Tensor) -> Tensor:
        return lif(self.bn(super().forward(x)))


class Rise(nn.ConvTranspose3d):
    """Transposed 3x3, stride 2, doubling the size, over every time step; tdBN; LIF."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, (3, 3, 1), (2, 2, 1), (1, 1, 0), (1, 1, 0))
        self.bn = TdBatchNorm(after)

    def forward(self, x: Tensor) -> Tensor:
        return lif(self.bn(super().forward(x)))


class Full(nn.Linear):
    """A matrix at every time step, (N, F, T); tdBN; LIF."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after)
        self.bn = TdBatchNorm(after)

    def forward(self, x: Tensor) -> Tensor:
        return lif(self.bn(super().forward(x.transpose(1, 2)).transpose(1, 2)))


class Readout(nn.Module):
    """sum_t 0.8^(T-1-t) x_t, over the last axis."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.register_buffer("coef", torch.tensor([DECAY ** (steps - 1 - t) for t in range(steps)]))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.coef).sum(-1)


class Output(NamedTuple):
    """What one pass gives, time first where there is time, so that it can be compared."""

    images: Tensor
    rates: Tensor
    spikes: Tensor
    prior_rates: Tensor
    firing_rates: dict[str, float]


class PublishedESVAE(nn.Module):
    """The published network with the published names; any depth, colours, d and T."""

    def __init__(
        self, *, image_channels=1, image_size=32, channels=(32, 64, 128, 256), latent_dim=32, time_steps=16
    ) -> None:
        super().__init__()
        self.steps, self.side = time_steps, image_size // 2 ** len(channels)
        self.shape = {
            "image_channels": image_channels,
            "image_size": image_size,
            "channels": tuple(channels),
            "latent_dim": latent_dim,
            "time_steps": time_steps,
        }
        features = channels[-1] * self.side**2
        widths = (image_channels, *channels)
        self.encoder = nn.Sequential(*(Conv(a, b) for a, b in itertools.pairwise(widths)))
        self.before_latent_layer = Full(features, latent_dim)
        # the published checkpoint carries these two, which its loss never used
        self.prior, self.posterior = nn.Linear(latent_dim, 3), nn.Linear(latent_dim, 5)
        self.sample_layer = nn.Sequential(nn.Linear(latent_dim, latent_dim), nn.Sigmoid())
        self.decoder_input = Full(latent_dim, features)
        back = tuple(reversed(channels))
        self.decoder = nn.Sequential(*(Rise(a, b) for a, b in itertools.pairwise(back)))
        last = nn.ConvTranspose3d(back[-1], image_channels, (3, 3, 1), 1, (1, 1, 0))
        self.final_layer = nn.Sequential(Rise(back[-1], back[-1]), last)
        self.membrane_output_layer = Readout(time_steps)

    def encode(self, images: Tensor, seen: dict[str, float]) -> Tensor:
        """(N, C, H, W) -> spikes of the latent layer (N, d, T)."""
        x = images.unsqueeze(-1).repeat(1, 1, 1, 1, self.steps)
        for i, layer in enumerate(self.encoder):
            x = layer(x)
            seen[f"encoder.{i}"] = float(x.detach().mean())
        x = self.before_latent_layer(x.flatten(1, 3))
        seen["before_latent_layer"] = float(x.detach().mean())
        return x

    def decode(self, spikes: Tensor, seen: dict[str, float]) -> Tensor:
        """Spikes (N, d, T) -> (N, C, H, W)."""
        x = self.decoder_input(spikes)
        seen["decoder_input"] = float(x.detach().mean())
        x = x.view(len(x), -1, self.side, self.side, x.shape[-1])
        for i, layer in enumerate(self.decoder):
            x = layer(x)
            seen[f"decoder.{i}"] = float(x.detach().mean())
        x = self.final_layer[0](x)
        seen["final_layer.0"] = float(x.detach().mean())
        return torch.tanh(self.membrane_output_layer(self.final_layer[1](x)))

    def forward(self, images: Tensor, noise: Tensor, normal: Tensor) -> Output:
        """One pass; `noise` (T, N, d) and `normal` (N, d) as `esvae_core` takes them."""
        seen: dict[str, float] = {}
        latent = self.encode(images, seen)
        rates = latent.mean(-1)
        drawn = _Draw.apply(rates.unsqueeze(-1).expand_as(latent), noise.permute(1, 2, 0))
        prior_rates = self.sample_layer(normal)
        return Output(self.decode(drawn, seen), rates, latent.permute(2, 0, 1), prior_rates, seen)


def mmd(x: Tensor, y: Tensor) -> Tensor:
    """Biased MMD with five Gaussian kernels, pair by pair."""
    both = torch.cat([x, y])
    squared = (both.unsqueeze(0) - both.unsqueeze(1)).square().sum(-1)
    n = len(both)
    width = float(squared.detach().sum()) / (n * n - n)
    kernel = sum(torch.exp(-squared / (width * 2 ** (i - 2))) for i in range(5))
    n //= 2
    return (kernel[:n, :n] + kernel[n:, n:] - kernel[:n, n:] - kernel[n:, :n]).mean()


def published_network(seed: int, **shape) -> PublishedESVAE:
    """A network with random weights and statistics as after training, so that every layer fires now and then."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = PublishedESVAE(**shape)
        warm = torch.rand(8, net.shape["image_channels"], net.shape["image_size"], net.shape["image_size"]) * 2 - 1
        noise = torch.rand(net.steps, 8, net.shape["latent_dim"])
        norms = [module for module in net.modules() if isinstance(module, TdBatchNorm)]
        with torch.no_grad():
            for norm in norms:
                norm.weight.uniform_(0.6, 1.6)
                norm.bias.normal_(-0.05, 0.08)
            net.train()
            for _ in range(3):
                net(warm, noise, torch.randn(8, net.shape["latent_dim"]))
            for norm in norms:  # three passes move the statistics a quarter of the way: finish it
                done = 1 - 0.9**3
                norm.running_mean /= done
                norm.running_var.sub_(0.9**3).div_(done).clamp_(min=1e-6)
                norm.running_mean += 0.1 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
                norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.8, 1.25)
    return net.eval()


def published_state(net: PublishedESVAE) -> dict[str, Tensor]:
    """Its state dict, with the published keys, dead modules included."""
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}
