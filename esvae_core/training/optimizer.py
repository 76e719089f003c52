"""AdamW with a rate of its own for the prior and for learned leaks."""

from __future__ import annotations

import torch
from torch.nn import Module

from esvae_core.config import TrainConfig
from esvae_core.leaks import learns_leak


def optimizer_of(model: Module, train: TrainConfig, *, fused: bool) -> torch.optim.AdamW:
    """The optimizer of a run; each of its groups has a `factor` by which the scheduled rate is multiplied."""
    kinds: dict[str, list[torch.nn.Parameter]] = {"prior": [], "leak": [], "other": []}
    for name, parameter in model.named_parameters():
        kind = "prior" if name.startswith("prior.") else "leak" if learns_leak(name) else "other"
        kinds[kind].append(parameter)
    groups = [
        {"params": kinds["other"], "factor": 1.0},
        {"params": kinds["prior"], "factor": train.prior_lr_factor},
        # decay would pull a leak to 1/2
        {"params": kinds["leak"], "factor": train.leak_lr_factor, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=train.lr,
        betas=(train.beta1, train.beta2),
        weight_decay=train.weight_decay,
        fused=fused,
    )
