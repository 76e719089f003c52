"""What changes over a run: learning rate, weight of the MMD, number of time steps. Pure functions of the progress."""

from __future__ import annotations

import math

from esvae_core.config import ImageModelConfig, SpikingModelConfig, TrainConfig


def learning_rate(train: TrainConfig, step: int, total_steps: int) -> float:
    """Learning rate of optimiser step `step` (0 is the first) out of `total_steps`."""
    rate = train.lr * train.batch_size / 250
    if step < train.warmup_steps:
        return rate * (step + 1) / train.warmup_steps
    if train.schedule == "cosine":
        done = (step - train.warmup_steps) / max(total_steps - train.warmup_steps, 1)
        return rate * 0.5 * (1 + math.cos(math.pi * done))
    return rate


def mmd_weight(train: TrainConfig, step: int) -> float:
    """Weight of the MMD at optimiser step `step` (0 is the first)."""
    return train.mmd_weight * min(1.0, (step + 1) / max(train.mmd_warmup_steps, 1))


def time_steps(model: ImageModelConfig, train: TrainConfig, epoch: int) -> int:
    """T of that epoch (0 is the first); at least the last epoch has the model's own, however short the run.

    A model without time has 1 in all of them.
    """
    if not isinstance(model, SpikingModelConfig):
        return 1
    for share, steps in train.grow_time:
        if epoch < min(round(share * train.epochs), train.epochs - 1):
            return min(steps, model.time_steps)
    return model.time_steps


def later_steps(model: ImageModelConfig, train: TrainConfig, epoch: int) -> int:
    """Sum of T over the epochs after that one; as long as `grow_time` to compute, however long the run."""
    if not isinstance(model, SpikingModelConfig):
        return train.epochs - epoch - 1
    total, start = 0, epoch + 1
    for share, steps in train.grow_time:
        end = min(round(share * train.epochs), train.epochs - 1)
        total += max(end - start, 0) * min(steps, model.time_steps)
        start = max(start, end)
    return total + (train.epochs - start) * model.time_steps
