"""Trains a feature network for a data set that has no published one: an autoencoder whose encoder is kept.

Encoder as published (four 3x3 convolutions of stride 2, 64 features); the decoder mirrors it and is thrown away. AdamW,
rate .001 falling to 0 along a cosine, batches of 128 of the train split, squared error on [-1, 1]. Nothing is chosen:
the weights are those of the last step.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from esvae_core.data import ImageSet
from esvae_core.errors import InputError
from esvae_core.evaluation.feature_net import FeatureConfig, FeatureFile, FeatureHeader, FeatureNet, features
from esvae_core.evaluation.frechet import gaussian
from esvae_core.seeds import generator

_BATCH = 128
_RATE = 1e-3

Progress = Callable[[int, int, float], None]
"""Called with steps done, steps in total, and the squared error of the last batch."""


class FeatureDecoder(nn.Module):
    """Features (N, F) -> images (N, C, H, W) in [-1, 1]; the encoder's mirror image."""

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.config = config
        rising = config.channels[::-1]
        self.from_features = nn.Linear(config.features, config.flat)
        pairs = zip(rising, (*rising[1:], rising[-1]), strict=True)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.ConvTranspose2d(a, b, 3, stride=2, padding=1, output_padding=1),
                    nn.BatchNorm2d(b),
                    nn.LeakyReLU(0.01),
                )
                for a, b in pairs
            )
        )
        self.readout = nn.Conv2d(rising[-1], config.image_channels, 3, padding=1)

    def forward(self, codes: Tensor) -> Tensor:
        """Images from features."""
        size = self.config.image_size // 2 ** len(self.config.channels)
        x = self.from_features(codes).view(len(codes), -1, size, size)
        return torch.tanh(self.readout(self.blocks(x)))


def train_features(
    train: ImageSet,
    test: ImageSet,
    *,
    epochs: int = 10,
    seed: int = 0,
    channels: tuple[int, ...] = (32, 64, 128, 256),
    count: int = 64,
    report: Progress = lambda done, total, error: None,
) -> FeatureFile:
    """A feature network learned on the train split, with the test split's statistics in evaluation mode.

    Args:
        train, test: splits of one data set, at the size of the images that will be evaluated.
        epochs: passes over the train split.
        seed: of the weights and the order of images.
        channels: of the stride-2 convolutions.
        count: number of features.
        report: progress.

    Raises:
        InputError: if the images cannot be halved that often, or there are too few of them.
    """
    size = train.images.shape[2]
    if size % 2 ** len(channels):
        raise InputError(f"feature network: images of {size} pixels cannot be halved {len(channels)} times")
    if len(train) < 2 or len(test) <= 1:
        raise InputError("feature network: expected at least two train and two test images")
    config = FeatureConfig(image_channels=train.images.shape[1], image_size=size, channels=channels, features=count)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(seed, "feature network").initial_seed())
        encoder, decoder = FeatureNet(config), FeatureDecoder(config)
    batches = math.ceil(len(train) / _BATCH)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *decoder.parameters()], lr=_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    for epoch in range(epochs):
        order = torch.randperm(len(train), generator=generator(seed, "feature network", "order", epoch))
        for i, rows in enumerate(order.chunk(batches)):
            images = train.tensor(rows.numpy())
            error = F.mse_loss(decoder(encoder(images)), images)
            optimizer.zero_grad()
            error.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            report(epoch * batches + i + 1, epochs * batches, float(error.detach()))
    encoder.eval()
    header = FeatureHeader(
        dataset=test.name,
        config=config,
        statistics="test",
        origin=f"esvae fad-net train: {epochs} epochs of {len(train):,} images of {train.name}, seed {seed}",
        licence="MIT",
    )
    return FeatureFile(encoder, gaussian(features(encoder, test.tensor())), header)
