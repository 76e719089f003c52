"""What a checkpoint says of itself, as the page shows it: figures with their protocols, budget and settings."""

from __future__ import annotations

import math
from typing import Any

from esvae_core.checkpoint import Header, shared

HEADLINES = ("mse", "fad_published", "fad")
"""Metrics that the table of models shows, in this order."""


def figures(header: Header) -> list[dict[str, Any]]:
    """Measured figures of the table: name, value, protocol; the first of each name and sampler."""
    return [metric.model_dump() for metric in header.metrics if metric.name in HEADLINES]


def budget(header: Header) -> dict[str, Any] | None:
    """How long a model was trained; None if it does not say."""
    return header.training.model_dump(exclude={"curve"}) if header.training else None


def card(header: Header) -> dict[str, Any]:
    """Everything a model card shows; no path of this machine, which are no visitor's business."""
    header = shared(header)
    return {
        "metrics": [metric.model_dump() for metric in header.metrics],
        "settings": {
            "model": header.model.model_dump(mode="json"),
            "data": header.data.model_dump(mode="json") if header.data else None,
            "training": header.train.model_dump(mode="json") if header.train else None,
        },
        "source": header.source,
        "created": header.created,
        "versions": header.versions,
    }


def curve(header: Header) -> list[dict[str, float]]:
    """Rows of the training's log that were validated."""
    rows = header.training.curve if header.training else ()
    known = ({name: value for name, value in row.items() if math.isfinite(value)} for row in rows)
    return [row for row in known if "validation_mse" in row and "epoch" in row]
