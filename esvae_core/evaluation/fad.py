"""The Fréchet autoencoder distance (FAD) by the published protocol and by a sound one.

The published protocol (Kamata et al., AAAI 2022, and all who compare with it) takes 5,120 samples in 40 batches of 128
and leaves BatchNorm in training mode, so the score depends on how the samples are batched; the sound one uses
evaluation mode on both sides. docs/evaluation.md has both in full.
"""

from __future__ import annotations

from torch import Tensor

from esvae_core.errors import InputError
from esvae_core.evaluation.feature_net import FeatureNet, features
from esvae_core.evaluation.frechet import Gaussian, frechet_distance, gaussian

PUBLISHED_COUNT = 5_120
_PUBLISHED_BATCH = 128


def published_fad(images: Tensor, net: FeatureNet, statistics: Gaussian) -> float:
    """FAD of the first 5,120 images by the published protocol, against the published statistics.

    Args:
        images: (N, C, H, W) in [-1, 1], N of 5,120 or more, in random order.
        net: the published feature network.
        statistics: those published with it.

    Raises:
        InputError: if there are fewer images.
    """
    if len(images) < PUBLISHED_COUNT:
        raise InputError(f"published FAD: expected {PUBLISHED_COUNT:,} images, got {len(images):,}")
    found = features(net, images[:PUBLISHED_COUNT], mode="batch", batch_size=_PUBLISHED_BATCH)
    return frechet_distance(gaussian(found), statistics)


def sound_fad(images: Tensor, net: FeatureNet, reference: Gaussian) -> float:
    """FAD of all images in evaluation mode; `reference` are the test set's statistics in the same mode."""
    return frechet_distance(gaussian(features(net, images)), reference)
