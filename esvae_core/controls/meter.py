"""Reads attributes off any pictures: by formula where there is one, else by a small network that real images taught."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from esvae_core.controls.attributes import AttributeTable, Family, family_of
from esvae_core.controls.measured import Attribute
from esvae_core.data.imageset import ImageSet, scaled
from esvae_core.seeds import generator

SEEN = 30_000
"""Images that the network sees in training, repeats included."""
ALIKE = 0.9
"""Absolute correlation above which two numbers say nearly the same of an image."""
_BATCH = 64
_WIDTHS = (16, 32, 64)
_AT_A_TIME = 500

F64 = NDArray[np.float64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Readings:
    """What was read off N pictures.

    Attributes:
        numbers: (N, K) in each attribute's unit; NaN where undefined, and in the columns of categories.
        shares: By the name of a category: (N, C) probability of each word.
    """

    numbers: F64
    shares: dict[str, F64]


class Meter:
    """Reads K attributes.

    Attributes:
        attributes: What is read.
        scale: (K,) standard deviation of each number over the training images, the unit of controls; of a circular one
            at most an eighth of its period; 1 of a category.
        alike: (K, K) which numbers correlate by more than ALIKE over the training images: they say nearly the same.
    """

    def __init__(self, train: ImageSet, table: AttributeTable, seed: int = 0) -> None:
        """Take formulas, and teach a network what they do not measure.

        Args:
            train: Images.
            table: Their attributes.
            seed: Of the network and of the order in which it sees them.
        """
        self.attributes = table.attributes
        self.scale = np.array([_deviation(*pair) for pair in zip(table.attributes, table.values.T, strict=True)])
        self._middle = np.array([_mean(column) for column in table.values.T])
        self.alike = _alike(table)
        family = family_of(train.name, train.images.shape[1])
        self._family: Family | None = family if family and any(a.from_pixels for a in self.attributes) else None
        self._taught = [j for j, attribute in enumerate(self.attributes) if not attribute.from_pixels]
        self._network = self._teach(train, table.values, seed) if self._taught else None

    def read(self, pixels: Pixels) -> Readings:
        """Attributes of pictures (N, C, H, W)."""
        numbers = np.full((len(pixels), len(self.attributes)), np.nan)
        if self._family is not None:
            names = [attribute.name for attribute in self._family.attributes]
            measured = self._family.measure(pixels)
            for j, attribute in enumerate(self.attributes):
                if attribute.from_pixels:
                    numbers[:, j] = measured[:, names.index(attribute.name)]
        shares = {}
        for j, said in zip(self._taught, self._said(pixels), strict=True):
            attribute = self.attributes[j]
            if attribute.kind == "category":
                shares[attribute.name] = said.softmax(1).double().numpy()
            elif attribute.kind == "circular":
                angle = np.arctan2(said[:, 1].double().numpy(), said[:, 0].double().numpy())
                numbers[:, j] = angle / (2 * np.pi) * attribute.period % attribute.period
            else:
                numbers[:, j] = said[:, 0].double().numpy() * self.scale[j] + self._middle[j]
        return Readings(numbers, shares)

    def change(self, after: F64, before: F64) -> F64:
        """(N, K) differences of numbers in units of `scale`; of circular ones the shorter way round."""
        difference = after - before
        for j, attribute in enumerate(self.attributes):
            if attribute.kind == "circular":
                half = attribute.period / 2
                difference[:, j] = (difference[:, j] + half) % attribute.period - half
        changed: F64 = difference / self.scale
        return changed

    # ---- the network ---------------------------------------------------------------------------------------------

    def _teach(self, train: ImageSet, values: F64, seed: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # of the first weights and of dropout
            return self._taught_network(train, values, seed)

    def _taught_network(self, train: ImageSet, values: F64, seed: int) -> nn.Module:
        heads = [_outputs(self.attributes[j]) for j in self._taught]
        network = _network(train.images.shape[1], train.images.shape[2], sum(heads))
        targets = [self._target(j, torch.from_numpy(values[:, j])) for j in self._taught]
        rounds = max(1, SEEN // _BATCH)
        optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, rounds)
        source, order = generator(seed, "meter"), torch.empty(0, dtype=torch.int64)
        network.train()
        for _ in range(rounds):
            while len(order) < _BATCH:
                order = torch.cat([order, torch.randperm(len(train), generator=source)])
            rows, order = order[:_BATCH], order[_BATCH:]
            outputs = network(train.tensor(rows.numpy())).split(heads, dim=1)
            loss = torch.stack(
                [
                    _loss(self.attributes[j], output, target[rows])
                    for j, output, target in zip(self._taught, outputs, targets, strict=True)
                ]
            ).sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        return network.eval()

    def _target(self, j: int, column: Tensor) -> Tensor:
        """What the network is to say: word, cosine and sine, or number in deviations; NaN or -1 where undefined."""
        attribute = self.attributes[j]
        if attribute.kind == "category":
            return torch.where(column.isnan(), -1, column).long()
        if attribute.kind == "circular":
            angle = column * (2 * np.pi / attribute.period)
            return torch.stack([angle.cos(), angle.sin()], dim=1).float()
        return ((column - float(self._middle[j])) / float(self.scale[j])).float()[:, None]

    @torch.inference_mode()
    def _said(self, pixels: Pixels) -> list[Tensor]:
        if self._network is None:
            return []
        heads = [_outputs(self.attributes[j]) for j in self._taught]
        parts = []
        for start in range(0, len(pixels), _AT_A_TIME):
            images = scaled(pixels[start : start + _AT_A_TIME])
            parts.append(self._network(images))
        return list(torch.split(torch.cat(parts), heads, dim=1))


def _network(channels: int, size: int, outputs: int) -> nn.Module:
    layers: list[nn.Module] = []
    for width in _WIDTHS:
        layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
        channels, size = width, (size + 1) // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels * size**2, outputs))


def _outputs(attribute: Attribute) -> int:
    return {"category": len(attribute.categories), "circular": 2, "number": 1}[attribute.kind]


def _loss(attribute: Attribute, output: Tensor, target: Tensor) -> Tensor:
    """Mean over the images of which the attribute is defined; 0 if there are none."""
    known = target >= 0 if attribute.kind == "category" else ~target.isnan().any(1)
    if not bool(known.any()):
        return output.sum() * 0
    if attribute.kind == "category":
        return F.cross_entropy(output[known], target[known])
    return F.mse_loss(output[known], target[known])


def _alike(table: AttributeTable) -> NDArray[np.bool_]:
    alike = np.zeros((len(table.attributes), len(table.attributes)), np.bool_)
    for i, first in enumerate(table.attributes):
        for j, second in enumerate(table.attributes[:i]):
            x, y = table.values[:, i], table.values[:, j]
            known = np.isfinite(x) & np.isfinite(y)
            if first.kind == second.kind == "number" and known.sum() > 2 and x[known].std() > 0 < y[known].std():
                alike[i, j] = alike[j, i] = abs(np.corrcoef(x[known], y[known])[0, 1]) > ALIKE
    return alike


def _mean(column: F64) -> float:
    known = column[np.isfinite(column)]
    return float(known.mean()) if len(known) else 0.0


def _deviation(attribute: Attribute, column: F64) -> float:
    known = column[np.isfinite(column)]
    if attribute.kind == "category" or not len(known):
        return 1.0
    if attribute.kind == "number":
        return float(known.std()) or 1.0
    angle = known * (2 * np.pi / attribute.period)
    length = float(np.clip(np.hypot(np.cos(angle).mean(), np.sin(angle).mean()), 1e-9, 1))
    spread = float(np.sqrt(-2 * np.log(length))) * attribute.period / (2 * np.pi)
    return min(spread, attribute.period / 8) or 1.0
