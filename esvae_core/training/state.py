"""All that a run must remember to go on where it was, in one object and one file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from esvae_core.errors import TrainingError
from esvae_core.files import check_packed, open_regular, write_atomically


@dataclass
class RunState:
    """Progress of a run. Noise and order follow from (seed, epoch, step), so no random state is kept."""

    config: str
    """The run's settings as JSON; another run does not resume from this state."""
    dataset_sha256: str
    before: str = ""
    """Training of the checkpoint that the run started from, as JSON; empty: it started from random weights."""
    epoch: int = 0
    """Epochs done."""
    batch: int = 0
    """Batches done in the epoch under way."""
    step: int = 0
    """Optimiser steps done."""
    seconds: float = 0.0
    """By the clock, while a process worked on it; a process that was paused counts as working."""
    cpu_seconds: float = 0.0
    """Of the processor, all cores together; stands still while the process is paused or waits."""
    best: float = float("inf")
    """Lowest validation MSE so far at the model's own T."""
    sums: dict[str, float] = field(default_factory=dict)
    """Sums of the epoch under way, for its row of the log."""
    log: list[dict[str, float]] = field(default_factory=list)
    """One row per epoch done."""
    model: dict[str, Tensor] = field(default_factory=dict)
    average: dict[str, Tensor] = field(default_factory=dict)
    """Exponential moving average of the model; empty where the run keeps none."""
    optimizer: dict[str, Any] = field(default_factory=dict)


def save_state(path: Path, state: RunState) -> None:
    """Write the state; the file appears whole or not at all."""
    buffer = io.BytesIO()
    torch.save(vars(state), buffer)
    write_atomically(path, buffer.getvalue())


def load_state(path: Path) -> RunState:
    """Read a state; only tensors and plain values are accepted.

    Raises:
        TrainingError: the file is missing, damaged, or not a state.
    """
    try:
        with open_regular(path) as file:
            check_packed(file)
            with zipfile.ZipFile(file) as archive:
                if damaged := archive.testzip():
                    raise ValueError(f"{damaged} is not what was written")
            file.seek(0)
            state = RunState(**torch.load(file, map_location="cpu", weights_only=True))
        for name, default in vars(RunState("", "")).items():
            if not isinstance(getattr(state, name), type(default)):
                raise TypeError(name)
    except FileNotFoundError:
        raise TrainingError(f"{path}: no such file; there is nothing to resume here") from None
    except Exception as error:  # zip readers and torch raise nearly anything on bad bytes
        raise TrainingError(f"{path}: expected the state of a training run, found a damaged or other file") from error
    return state
