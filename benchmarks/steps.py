"""How long the steps of a training run take, as `esvae train` makes them, on whatever device there is.

    python -m benchmarks.steps published-mnist --data-dir DIR --set train.precision=bf16-mixed

The median is over the time from one step's report to the next: data, noise, the way through the network and back,
optimiser and averages.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch

from esvae_core.cli.train import settings_of
from esvae_core.config import RunConfig
from esvae_core.training.objectives.esvae import ESVAEObjective
from esvae_core.training.objectives.fsvae import FSVAEObjective
from esvae_core.training.trainer import Hardware, train

WARM_UP = 10
"""Steps that are not counted: kernels are compiled and graphs captured in the first."""


def step_times(config: RunConfig, steps: int, data_dir: Path | None, accelerator: str = "auto") -> list[float]:
    """Seconds of each of so many steps, in the first epoch of a run that is thrown away."""
    shorter = config.train.model_copy(update={"epochs": 1, "batches_per_epoch": WARM_UP + steps + 1, "grow_time": ()})
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        train(
            config.model_copy(update={"train": shorter}),
            Path(folder) / "run",
            data_dir=data_dir,
            hardware=Hardware(accelerator),
            report=lambda progress: ends.append(time.perf_counter()),
        )
    ends = ends[:-1]  # the last step's time is the end of the epoch's, too
    return [after - before for before, after in pairwise(ends)][WARM_UP - 1 :]


def main() -> None:
    """Print the median, and between which times it lies."""
    parser = argparse.ArgumentParser(prog="benchmarks.steps", description=str(__doc__).splitlines()[0])
    parser.add_argument("preset")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--plain", action="store_true", help="without CUDA graphs")
    given = parser.parse_args()
    if given.plain:
        ESVAEObjective.capturable = FSVAEObjective.capturable = False
    config = settings_of(None, given.preset, None, given.set, False)
    times = step_times(config, given.steps, given.data_dir, given.accelerator)
    cuda = given.accelerator in ("auto", "cuda") and torch.cuda.is_available()
    device = torch.cuda.get_device_name() if cuda else "CPU"
    memory = f", {torch.cuda.max_memory_allocated() / 1e9:.1f} GB" if cuda else ""
    low, high = min(times) * 1000, max(times) * 1000
    print(
        f"{given.preset} {' '.join(given.set)}: {statistics.median(times) * 1000:.1f} ms a step of "
        f"{config.train.batch_size} ({low:.1f} to {high:.1f}, {len(times)} steps{memory}) on {device}"
    )


if __name__ == "__main__":
    main()
