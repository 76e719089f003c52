"""Reads a published feature autoencoder (.pth) and its statistics (.npz) into our own file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from esvae_core.config import parse
from esvae_core.errors import CheckpointContentError, ConfigError, InputError, NotACheckpointError
from esvae_core.evaluation.feature_net import FeatureConfig, FeatureFile, FeatureHeader, build_net
from esvae_core.evaluation.frechet import Gaussian, why_no_covariance
from esvae_core.npz import read_npz
from esvae_core.published import read_state

ORIGIN = "feature autoencoder and test-set statistics of the published FSVAE and ESVAE code"
LICENCE = "MIT"

_PARTS = ("weight", "bias")
_NORM = (*_PARTS, "running_mean", "running_var")


def import_features(weights: Path, statistics: Path, dataset: str) -> FeatureFile:
    """The encoder of a published feature autoencoder, with the published statistics of its data set.

    Depth, channels, number of features and the image's size follow from the shapes; the decoder is left out.

    Raises:
        NotACheckpointError, CheckpointContentError: the weights are not those of a published feature autoencoder.
        InputError: the statistics cannot be read or do not fit, or the data set's name holds no text.
    """
    if not dataset.isprintable():
        raise InputError(f"feature network: expected a name of a data set, found {dataset}")
    state = read_state(weights)
    depth = sum(name.startswith("encoder.") and name.endswith(".0.weight") for name in state)
    if not depth or "latent_layer.weight" not in state:
        raise CheckpointContentError(
            f"{weights}: expected tensors encoder.0.0.weight ... latent_layer.weight; this is no feature autoencoder"
        )
    names = {f"encoder.{i}.0.{part}": f"convolutions.{i}.{part}" for i in range(depth) for part in _PARTS}
    names |= {f"encoder.{i}.1.{part}": f"norms.{i}.{part}" for i in range(depth) for part in _NORM}
    names |= {f"latent_layer.{part}": f"to_features.{part}" for part in _PARTS}
    missing = [name for name in names if name not in state]
    if missing:
        raise CheckpointContentError(f"{weights}: {missing[0]}: missing; this is no feature autoencoder")
    config = _config(state, depth, weights)
    net = build_net(config, {ours: state[theirs] for theirs, ours in names.items()}, weights)
    header = FeatureHeader(dataset=dataset, config=config, statistics="published", origin=ORIGIN, licence=LICENCE)
    return FeatureFile(net, read_statistics(statistics, config.features), header)


def read_statistics(path: Path, features: int) -> Gaussian:
    """Mean `mu` (F,) and covariance `sigma` (F, F) from an .npz file.

    Raises:
        InputError: the file cannot be read, has other shapes, or holds no finite numbers.
    """
    try:
        found = read_npz(path, ("mu", "sigma"))
        for name in ("mu", "sigma"):
            if name not in found or found[name].dtype.kind not in "iuf":
                raise ValueError(f"no real numbers {name}")
        mean, covariance = (np.asarray(found[name], np.float64) for name in ("mu", "sigma"))
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise InputError(f"{path}: expected an .npz file with mu and sigma: {reason}") from error
    if mean.shape != (features,) or covariance.shape != (features, features):
        raise InputError(
            f"{path}: expected mu and sigma of {features} features, found {mean.shape}, {covariance.shape}"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise InputError(f"{path}: expected finite numbers, found NaN or infinite ones")
    if problem := why_no_covariance(covariance):
        raise InputError(f"{path}: sigma: {problem}")
    return Gaussian(mean, covariance)


def _config(state: dict[str, Tensor], depth: int, path: Path) -> FeatureConfig:
    first, last = state["encoder.0.0.weight"], state["latent_layer.weight"]
    if first.dim() != 4 or last.dim() != 2:
        raise NotACheckpointError(f"{path}: expected 3x3 convolutions and a linear layer; no feature autoencoder")
    if any(not state[f"encoder.{i}.0.weight"].dim() for i in range(depth)):
        raise NotACheckpointError(f"{path}: expected 3x3 convolutions, found single numbers; no feature autoencoder")
    channels = tuple(len(state[f"encoder.{i}.0.weight"]) for i in range(depth))
    side = round((last.shape[1] / max(channels[-1], 1)) ** 0.5)
    shape = {
        "image_channels": first.shape[1],
        "image_size": side * 2**depth,
        "channels": channels,
        "features": len(last),
    }
    try:
        return parse(FeatureConfig, shape, f"{path}: its shapes are not those of a feature autoencoder")
    except ConfigError as error:
        raise CheckpointContentError(str(error)) from error
