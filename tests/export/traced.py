"""Halves of a model as modules of their own, and how often PyTorch compiles one.

`python traced.py CHECKPOINT encoder` says it of a checkpoint's model, in a process of its own; `decoder` likewise.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import esvae_core
from esvae_core import ESVAE


class Encoder(nn.Module):
    """Images to rates."""

    def __init__(self, model: ESVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return self.model.encode(images).rates


class Decoder(nn.Module):
    """Spikes to images."""

    def __init__(self, model: ESVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, spikes: Tensor) -> Tensor:
        return self.model.decode(spikes)


PARTS = {"encoder": (Encoder, 0), "decoder": (Decoder, 1)}
"""Each with the axis of its images."""


def inputs(part: str, count: int) -> Tensor:
    """Of the tiny model."""
    source = torch.Generator().manual_seed(count)
    if part == "encoder":
        return torch.rand(count, 1, 8, 8, generator=source) * 2 - 1
    return (torch.rand(4, count, 6, generator=source) < 0.4).float()


def graphs_of(model: ESVAE, part: str) -> int:
    """How many graphs are made for five batches of four sizes, all of which give what the model gives."""
    module, graphs = PARTS[part][0](model), []

    def count(graph, examples):
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(module, backend=count, fullgraph=True)
    for number in (2, 2, 5, 7, 3):
        wanted = module(inputs(part, number))
        assert torch.allclose(compiled(inputs(part, number)), wanted, atol=4e-7, rtol=0)
    return len(graphs)


if __name__ == "__main__":
    with torch.no_grad():
        print(graphs_of(esvae_core.load(Path(sys.argv[1]), ESVAE).model, sys.argv[2]))
