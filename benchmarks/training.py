"""One training step, each kind in a process of its own, so that the peak of its memory is its own."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch

from benchmarks.measure import Result

REPEATS = 5


def step_of(kind: str, batch: int, steps: int) -> dict[str, float]:
    """Median milliseconds of one step of the MNIST network, and the process's peak memory in MB.

    Args:
        kind: `published` (the published layout, default allocator), or `float32`, `bf16` or `bounded` (micro-batches).
        batch: images per step.
        steps: T.
    """
    images = torch.rand(batch, 1, 32, 32) * 2 - 1
    forward = _published(batch, steps) if kind == "published" else _own(kind, batch, steps)
    parameters, loss_of = forward
    optimizer = torch.optim.AdamW(parameters, lr=1e-4)
    times = []
    for _ in range(2 if kind == "published" and batch > 64 else REPEATS + 1):
        start = time.perf_counter()
        loss_of(images).backward()
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.perf_counter() - start)
    times = sorted(times[1:])
    return {"ms": times[len(times) // 2] * 1000, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """Peak memory of this process in MB; `ru_maxrss` would begin with that of the process which started this one."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    except OSError:
        scale = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def _published(batch: int, steps: int):
    from benchmarks.published_layout import PublishedESVAE, mmd

    torch.manual_seed(0)
    net = PublishedESVAE(time_steps=steps).train()

    def loss(images):
        out = net(images, torch.rand(steps, batch, 32), torch.randn(batch, 32))
        return (out.images - images).square().mean() + 0.001 * mmd(out.rates, out.prior_rates)

    return net.parameters(), loss


def _own(kind: str, batch: int, steps: int):
    from esvae_core.config import ModelConfig
    from esvae_core.esvae import ESVAE
    from esvae_core.layers import bound_memory
    from esvae_core.loss import esvae_loss
    from esvae_core.malloc import keep_large_blocks

    keep_large_blocks()  # as the command does
    torch.manual_seed(0)
    model = ESVAE(ModelConfig(time_steps=steps)).train()
    bound_memory(model.decoder[-1], 16 if kind == "bounded" else None)

    def loss(images):
        with torch.autocast("cpu", torch.bfloat16, enabled=kind == "bf16"):
            out = model(images)
        return esvae_loss(out.images.float(), images, out.posterior.rates, out.prior_rates, 0.001).total

    return model.parameters(), loss


def fresh(kind: str, batch: int, steps: int) -> dict[str, float]:
    """`step_of` in a new process."""
    words = [sys.executable, "-m", "benchmarks.training", kind, str(batch), str(steps)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def training(batch: int) -> list[Result]:
    """A step of `batch` images at T = 16, every way, beside the published layout."""
    beside = fresh("published", batch, 16)
    results = []
    for kind in ("float32", "bf16", "bounded") if batch > 64 else ("float32", "bf16"):
        own = fresh(kind, batch, 16)
        results.append(
            Result(
                f"training-{batch}",
                f"training step {batch}, {'float32, micro_batch=16' if kind == 'bounded' else kind}",
                own["ms"],
                beside["ms"],
                "published layout",
                own["peak_mb"],
                beside["peak_mb"],
                f"{own['ms'] / batch:.1f} ms an image",
            )
        )
    return results


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("kind", choices=("published", "float32", "bf16", "bounded"))
    reader.add_argument("batch", type=int)
    reader.add_argument("steps", type=int)
    given = reader.parse_args()
    print(json.dumps(step_of(given.kind, given.batch, given.steps)))
