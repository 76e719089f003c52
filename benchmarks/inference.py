"""Decode, encode and trace, by the model's own methods, beside the published layout with the same weights."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from benchmarks.measure import Result, median_ms
from benchmarks.published_layout import PublishedESVAE, published_network, published_state
from esvae_core.checkpoint import load
from esvae_core.config import ModelConfig
from esvae_core.esvae import ESVAE
from esvae_core.published import read_published
from esvae_core.shipped import SHIPPED

MACS = {"decode": 95.1e6, "encode": 57.2e6}
"""Multiply-adds of one image with the MNIST network and T = 16, done densely, the first layer once."""


def pair() -> tuple[ESVAE, PublishedESVAE]:
    """The MNIST network twice, with the same weights, firing as trained networks do."""
    published = published_network(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "published.pth"
        torch.save(published_state(published), path)
        return read_published(path).eval(), published


def _row(part: str, n: int, ours: float, theirs: float) -> Result:
    rate = 2 * MACS[part] * n / ours / 1e6
    return Result(part, f"{part} {n}", ours, theirs, "published layout", note=f"{rate:.0f} GFLOP/s if it were dense")


@torch.no_grad()
def decode(batches: tuple[int, ...] = (1, 8, 64, 256)) -> list[Result]:
    """Spikes -> pictures, Bernoulli spikes of rate 0.3."""
    model, published = pair()
    results = []
    for n in batches:
        spikes = (torch.rand(16, n, 32, generator=torch.Generator().manual_seed(0)) < 0.3).float()
        last = spikes.permute(1, 2, 0).contiguous()
        assert float((model.decode(spikes) - published.decode(last, {})).abs().mean()) < 1e-4  # the same pictures
        ours = median_ms(lambda spikes=spikes: model.decode(spikes))
        theirs = median_ms(lambda last=last: published.decode(last, {}))
        results.append(_row("decode", n, ours, theirs))
    return results


@torch.no_grad()
def encode(batches: tuple[int, ...] = (1, 256)) -> list[Result]:
    """Images -> rates."""
    model, published = pair()
    results = []
    for n in batches:
        images = torch.rand(n, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
        ours = median_ms(lambda images=images: model.encode(images))
        theirs = median_ms(lambda images=images: published.encode(images, {}))
        results.append(_row("encode", n, ours, theirs))
    return [*results, _noise()]


def _noise(n: int = 256) -> Result:
    """Uniform noise in a trained network, whose layers fire at half of their steps: what events gain least by."""
    model = load(SHIPPED / "mnist.safetensors", ESVAE).model.eval()
    images = torch.rand(n, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    ours, theirs = (median_ms(lambda how=how: model.encode(images, engine=how)) for how in ("events", "dense"))
    rate = torch.stack(
        [layer.spikes.float().mean() for layer in model.trace_encode(images[:16]).layers.values()]
    ).mean()
    return Result("encode", f"encode {n}, noise", ours, theirs, "its dense layers", note=f"layers' rate {rate:.3f}")


@torch.no_grad()
def trace() -> list[Result]:
    """Every spike and membrane of one decode."""
    model, _ = pair()
    spikes = (torch.rand(16, 1, 32, generator=torch.Generator().manual_seed(0)) < 0.3).float()
    return [Result("trace", "trace of a decode, 1", median_ms(lambda: model.trace_decode(spikes)))]


@torch.no_grad()
def scaling() -> list[Result]:
    """Decode against batch, T, d, the share of spikes in the latent, and how much the decoder's own layers fire."""
    cases = (
        *((n, 16, 32, 0.3, 0.1) for n in (1, 4, 16, 64)),
        *((16, steps, 32, 0.3, 0.1) for steps in (4, 8, 32)),
        *((16, 16, d, 0.3, 0.1) for d in (16, 128)),
        *((16, 16, 32, share, 0.1) for share in (0.05, 0.6)),
        *((16, 16, 32, 0.3, drive) for drive in (0.05, 0.08, 0.12, 0.2)),
    )
    results = []
    for n, steps, d, share, drive in cases:
        torch.manual_seed(0)
        model = ESVAE(ModelConfig(latent_dim=d, time_steps=steps)).train()
        spikes = (torch.rand(steps, n, d, generator=torch.Generator().manual_seed(0)) < share).float()
        for _ in range(20):
            model.decode(spikes)  # settles tdBN's statistics
        model.eval()
        for layer in (model.from_latent, *model.decoder):
            layer.norm.bias += drive  # tdBN's mean output: random weights alone hardly reach the threshold
        layers = model.trace_decode(spikes).layers.values()
        fired = sum(float(run.spikes.sum()) for run in layers) / n
        rate = fired * n / sum(run.spikes.numel() for run in layers)
        ms = median_ms(lambda model=model, spikes=spikes: model.decode(spikes), seconds=1)
        work = f"batch {n}, T {steps}, d {d}, latent rate {share}, drive {drive}"
        note = f"{ms / n:.2f} ms and {fired:,.0f} spikes an image, layers' rate {rate:.3f}"
        results.append(Result("scaling", work, ms, note=note))
    return results
