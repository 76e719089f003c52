"""A state worked out: model, rates, spikes and pictures. What the panels draw."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numba
import numpy as np
import torch

from app.catalogue import Entry, Shelf, take
from app.state import LinkError, Prior, Rates, Source, State, TestImage, Upload, from_grid, to_grid
from esvae_core import seeds
from esvae_core.config import ModelConfig, Sampler
from esvae_core.errors import CheckpointError
from esvae_core.esvae import ESVAE
from esvae_core.explore.atlas import beside
from esvae_core.explore.drawing import Drawing, draw
from esvae_core.explore.effect import by_effect

FIRST_SEED = 7  # any noise will do; a fixed one, so that everybody meets the same first picture


@dataclass(frozen=True)
class Scene:
    """Everything that one screen shows.

    Attributes:
        state: What is described.
        shelf: Its checkpoint, and the atlas.
        source_rates: Rates of the source, on the grid.
        drawing: The present rates' spikes and picture.
        source_drawing: The source's, under the same noise.
        milliseconds: What drawing the present rates took, when it was done.
    """

    state: State
    shelf: Shelf
    source_rates: Rates
    drawing: Drawing
    source_drawing: Drawing
    milliseconds: float

    @property
    def model(self) -> ESVAE:
        """The network."""
        return self.shelf.checkpoint.model

    @property
    def config(self) -> ModelConfig:
        """Its settings."""
        return self.model.config

    @property
    def dims(self) -> int:
        """d, the number of latent neurons."""
        return self.config.latent_dim

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Dimensions as they are to be shown."""
        if self.state.order == "effect" and self.shelf.atlas is not None:
            return by_effect(self.shelf.atlas.effect)
        return tuple(range(self.dims))


def build(state: State, entries: list[Entry]) -> Scene:
    """Work out a state.

    Raises:
        LinkError: if it names what is not here, or does not fit the checkpoint.
        CheckpointError: if the checkpoint cannot be used.
    """
    shelf = find(state.checkpoint, entries)
    dims = shelf.checkpoint.model.config.latent_dim
    source = source_rates(shelf, state.source)
    for what, rates in (("rates", state.rates), ("rates of the upload", source)):
        if len(rates) != dims:
            raise LinkError(f"{what}: expected {dims} for checkpoint {state.checkpoint!r}, found {len(rates)}")
    now, milliseconds = drawn(shelf.entry, state.rates, state.seed, state.sampler, state.steps)
    was, _ = drawn(shelf.entry, source, state.seed, state.sampler, state.steps)
    return Scene(state, shelf, source, now, was, milliseconds)


@lru_cache(maxsize=512)  # the source at every touch, and all that is undone
def drawn(entry: Entry, rates: Rates, seed: int, sampler: Sampler, steps: int) -> tuple[Drawing, float]:
    """One rate vector's spikes and picture, and the milliseconds that they took."""
    model = take(entry).checkpoint.model
    start = time.perf_counter()
    with _one_thread():
        drawing = draw(model, from_grid(rates)[None], seed=seed, sampler=sampler, steps=steps)
    return drawing, 1000 * (time.perf_counter() - start)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One picture is too little work to share: on a busy machine, threads mostly wait for each other."""
    before = torch.get_num_threads(), numba.get_num_threads()
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        numba.set_num_threads(before[1])


def find(name: str, entries: list[Entry]) -> Shelf:
    """The checkpoint of that name.

    Raises:
        LinkError: if there is none.
        CheckpointError: if it cannot be used.
    """
    for entry in entries:
        if entry.name == name:
            if entry.problem:
                raise CheckpointError(entry.problem)
            return take(entry)
    raise LinkError(f"checkpoint: {name!r} is not here; there are {', '.join(e.name for e in entries) or 'none'}")


def source_rates(shelf: Shelf, source: Source) -> Rates:
    """The rates that a source stands for.

    Raises:
        LinkError: if it is a test image that the atlas does not hold.
    """
    match source:
        case Upload(rates):
            return rates
        case Prior(seed):
            drawn = shelf.checkpoint.model.prior_rates(1, generator=seeds.generator(seed, "prior"))
            return to_grid(drawn[0].tolist())
        case TestImage(index):
            if shelf.atlas is None:
                raise LinkError(f"source: checkpoint {shelf.entry.name!r} has no atlas of test images")
            places = np.flatnonzero(shelf.atlas.indices == index)
            if not len(places):
                raise LinkError(f"source: test image {index} is not in the atlas of {shelf.entry.name!r}")
            return to_grid(shelf.atlas.counts[places[0]] / shelf.atlas.time_steps)


def first_state(shelf: Shelf) -> State:
    """What a checkpoint shows before anybody touched anything."""
    config, atlas = shelf.checkpoint.model.config, shelf.atlas
    source: Source = Prior(0)
    if atlas is not None:
        first = atlas.tile_positions[0] if len(atlas.tile_positions) else 0
        source = TestImage(int(atlas.indices[first]))
    steps = min(config.time_steps, 64)
    return State(shelf.entry.name, source, source_rates(shelf, source), FIRST_SEED, config.sampler, steps)


def default_state(entries: list[Entry]) -> State | None:
    """What a visit without a link sees; None if no checkpoint can be used."""
    # the most familiar first, if it is there; and rather one that can show test images
    for entry in sorted(entries, key=lambda e: (e.name != "mnist", not beside(e.path).exists())):
        if not entry.problem:
            try:
                return first_state(take(entry))
            except CheckpointError:
                continue  # the list of unreadable files says why
    return None
