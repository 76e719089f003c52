"""Settings that come with names. `esvae presets` prints the table; `esvae presets NAME` prints one whole."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from esvae_core.config import DataConfig, NeuronConfig, RunConfig
from esvae_core.errors import ConfigError


def _run(name: str, model: dict[str, Any], data: dict[str, Any], train: dict[str, Any]) -> RunConfig:
    return RunConfig.model_validate({"name": name, "model": model, "data": data, "train": train})


_COLOUR_64: dict[str, Any] = {
    "image_channels": 3,
    "image_size": 64,
    "channels": (32, 64, 128, 256, 512),
    "latent_dim": 128,
}

# What brings the published network furthest in little time on a CPU (docs/training.md): small batches, a high rate that
# falls to 0, the right output bias, and most epochs at few time steps.
_SHORT: dict[str, Any] = {
    "batch_size": 64,
    "lr": 0.025,
    "schedule": "cosine",
    "warmup_steps": 50,
    "gradient_clip": 2.0,
    "mean_image_bias": True,
}

# Better than published at the same size (docs/ablations.md): neurons that count, since they keep what a spike leaves
# over and forget little of it; rates that reach the decoder almost without noise; gradients through the neurons that
# are about to fire; weights averaged over steps, with statistics that are theirs.
_COUNTING = NeuronConfig(leak=0.9, reset="soft", surrogate_shape="triangle", surrogate_center=0.2)
_PLUS_MODEL: dict[str, Any] = {
    "neuron": _COUNTING,
    "latent_neuron": _COUNTING,
    "sampler": "systematic",
    "sampling_gradient": "straight-through",
}
_PLUS_TRAIN: dict[str, Any] = {**_SHORT, "ema_decay": 0.995, "calibration_images": 2000}
# each T gets a like share of the computing, and the last twice as much
_PLUS_TIME = ((4 / 11, 2), (7 / 11, 4), (9 / 11, 8))

# Of a few hundred to some thousand images: more steps, which are smaller.
_FEW_IMAGES: dict[str, Any] = {"batch_size": 32, "epochs": 50, "grow_time": _PLUS_TIME}

# On a GPU, where an epoch takes seconds: larger batches, more epochs, and most of them at T = 16.
_LONG: dict[str, Any] = {
    **_SHORT,
    "epochs": 130,
    "batch_size": 125,
    "lr": 0.012,
    "warmup_steps": 200,
    "grow_time": ((0.03, 2), (0.08, 4), (0.3, 8)),
    "ema_decay": 0.998,
    "calibration_images": 2000,
    "precision": "bf16-mixed",
}

# As published: the prior learns as fast as the rest.
_FSVAE: dict[str, Any] = {"epochs": 150, "batch_size": 250, "lr": 0.001, "prior_lr_factor": 1.0}

# For the rivals without spikes at a small budget (docs/baselines.md).
_ANN: dict[str, Any] = {
    "batch_size": 125,
    "lr": 0.004,
    "schedule": "cosine",
    "warmup_steps": 100,
    "weight_decay": 0.01,
    "mean_image_bias": True,
}

PRESETS: dict[str, RunConfig] = {
    run.name: run
    for run in (
        _run("published-mnist", {}, {"dataset": "mnist"}, {}),
        _run("published-fashion", {}, {"dataset": "fashion_mnist"}, {}),
        _run(
            "published-cifar10",
            {"image_channels": 3, "latent_dim": 128},
            {"dataset": "cifar10", "mirror": True},
            {"lr": 0.0006},
        ),
        _run(
            "published-64",
            _COLOUR_64,
            {"dataset": "celeba", "mirror": True},
            {"lr": 0.001, "batch_size": 64},
        ),
        _run(
            "mnist-cpu",
            {},
            {"dataset": "mnist"},
            {"epochs": 9, **_SHORT, "grow_time": ((1 / 3, 2), (2 / 3, 4), (8 / 9, 8))},
        ),
        _run("mnist-gpu", {}, {"dataset": "mnist"}, {**_LONG, "mmd_warmup_steps": 28600}),
        _run("esvae-plus-gpu", _PLUS_MODEL, {"dataset": "mnist"}, _LONG),
        _run("esvae-plus-fashion-gpu", _PLUS_MODEL, {"dataset": "fashion_mnist"}, _LONG),
        _run(
            "esvae-plus",
            _PLUS_MODEL,
            {"dataset": "mnist"},
            {**_PLUS_TRAIN, "epochs": 11, "grow_time": _PLUS_TIME},
        ),
        _run(
            "esvae-plus-fashion",
            _PLUS_MODEL,
            {"dataset": "fashion_mnist"},
            {**_PLUS_TRAIN, "epochs": 11, "grow_time": _PLUS_TIME},
        ),
        _run(
            "esvae-plus-cifar10",
            {**_PLUS_MODEL, "image_channels": 3, "latent_dim": 128},
            {"dataset": "cifar10", "mirror": True},
            {**_PLUS_TRAIN, "lr": 0.01, "epochs": 11, "grow_time": _PLUS_TIME},
        ),
        _run(
            "esvae-plus-emoji",
            {**_PLUS_MODEL, **_COLOUR_64},
            # of so few images more is learnt if none comes twice alike
            {"dataset": "emoji", "mirror": True, "shift": 3},
            {**_PLUS_TRAIN, "batch_size": 32, "epochs": 84, "grow_time": _PLUS_TIME},
        ),
        _run(
            "esvae-plus-sprites",
            {**_PLUS_MODEL, "image_channels": 3},
            {"dataset": "sprites-rgb"},
            # where a shape is has to be learnt first, and 2 steps are too few to tell it
            {**_PLUS_TRAIN, "batch_size": 32, "epochs": 50, "grow_time": ((0.72, 4), (0.8, 8))},
        ),
        _run(
            "esvae-plus-digits",
            _PLUS_MODEL,
            {"dataset": "digits", "validation_fraction": 0.1},
            {**_PLUS_TRAIN, "batch_size": 32, "ema_decay": 0.99, "epochs": 33, "grow_time": _PLUS_TIME},
        ),
        _run(
            "digits",
            {},
            {"dataset": "digits", "validation_fraction": 0.1},
            {"epochs": 24, **_SHORT, "batch_size": 32, "grow_time": ((2 / 3, 2), (7 / 8, 4))},
        ),
        _run(
            "events",
            {
                **_PLUS_MODEL,
                # what is kept of the steps before stands in the way of another frame
                "neuron": _COUNTING.model_copy(update={"leak": 0.5, "learned_leak": True}),
                "latent_neuron": _COUNTING.model_copy(update={"learned_leak": True}),
                "frames": True,
                "lead_steps": 3,  # else little is known of the rates at the first frames
                "image_channels": 2,
                "channels": (16, 32, 64),
                "latent_dim": 64,
                "time_steps": 9,
                "readout_decay": 0.3,  # a frame is mostly what its own step says
            },
            {"dataset": "moving_digits"},
            {**_PLUS_TRAIN, "batch_size": 16, "lr": 0.12, "calibration_images": 250, "epochs": 40},
        ),
        _run("fsvae-mnist", {"kind": "fsvae"}, {"dataset": "mnist"}, _FSVAE),
        _run(
            "fsvae-mnist-gpu",
            {"kind": "fsvae"},
            {"dataset": "mnist"},
            {
                **_FSVAE,
                "epochs": 40,
                "lr": 0.005,
                "schedule": "cosine",
                "warmup_steps": 200,
                "gradient_clip": 2.0,
                "mean_image_bias": True,
                "ema_decay": 0.998,
                "grow_time": ((0.1, 4), (0.25, 8)),
                "precision": "bf16-mixed",
            },
        ),
        _run("fsvae-fashion", {"kind": "fsvae"}, {"dataset": "fashion_mnist"}, _FSVAE),
        _run(
            "fsvae-cifar10",
            {"kind": "fsvae", "image_channels": 3},
            {"dataset": "cifar10", "mirror": True},
            {**_FSVAE, "epochs": 300},
        ),
        _run(
            "fsvae-64",
            {"kind": "fsvae", **_COLOUR_64},
            {"dataset": "celeba", "mirror": True},
            {**_FSVAE, "batch_size": 64},
        ),
        _run("annvae-mnist", {"kind": "annvae"}, {"dataset": "mnist"}, {"epochs": 30, "kl_weight": 1e-3, **_ANN}),
        _run(
            "annvae-mnist-published",
            {"kind": "annvae", "latent_dim": 128},
            {"dataset": "mnist"},
            {"epochs": 150, "batch_size": 250, "lr": 0.001, "weight_decay": 0.01, "kl_weight": 1 / 240},
        ),
        _run("pvae-mnist", {"kind": "pvae"}, {"dataset": "mnist"}, {"epochs": 30, "kl_weight": 1e-3, **_ANN}),
        _run("pvae-fashion", {"kind": "pvae"}, {"dataset": "fashion_mnist"}, {"epochs": 30, "kl_weight": 1e-3, **_ANN}),
        _run("ae-mnist", {"kind": "ae", "components": 50}, {"dataset": "mnist"}, {"epochs": 30, **_ANN}),
    )
}


def for_dataset(dataset: str) -> RunConfig:
    """Settings for a data set that has no preset of its own, such as your own pictures: those of the *plus* presets.

    Colours are the data set's, images have 32 pixels, d is 32, and the run is called after the data set. Event
    recordings have the settings of the preset `events`.

    Raises:
        DataError: there is no such data set.
    """
    from esvae_core.data.table import find  # reads pictures, which presets alone do not need

    spec, option = find(dataset)
    name = re.sub(r"[^\w.-]+", "-", PurePath(option).name.removesuffix(".npz")).strip("-.") or spec.name
    if spec.recordings:
        return PRESETS["events"].model_copy(update={"name": name, "data": DataConfig(dataset=dataset)})
    model = {**_PLUS_MODEL, "image_channels": spec.image_channels}
    return _run(name, model, {"dataset": dataset}, {**_PLUS_TRAIN, **_FEW_IMAGES})


def preset(name: str) -> RunConfig:
    """The preset of that name.

    Raises:
        ConfigError: if there is none; the message lists those there are.
    """
    if name not in PRESETS:
        raise ConfigError(f"preset {name!r}: not known; there are {', '.join(PRESETS)}")
    return PRESETS[name]
