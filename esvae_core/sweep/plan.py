"""A sweep: which runs a file asks for, on a grid of settings or by random draws of them.

    preset: digits
    set: {train.epochs: 10}
    grid: {model.latent_dim: [16, 32], train.seed: [0, 1, 2]}

or, in place of the grid::

    draws: 20
    seed: 0
    random:
      train.lr: {low: 0.003, high: 0.1, log: true}
      model.latent_dim: [16, 32, 64]
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from esvae_core.config import RunConfig, parse
from esvae_core.errors import ConfigError
from esvae_core.presets import preset as named

_MOST_RUNS = 10_000
_SHORT = 60  # characters of a run's name that say what it was given

Values = Annotated[list[Any], Field(min_length=1, max_length=1000)]


class Interval(BaseModel):
    """Numbers to draw from, evenly or evenly in their logarithm."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high or (self.log and self.low <= 0):
            raise ValueError(f"expected low <= high, above 0 with log, got {self.low} and {self.high}")
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"expected a narrower interval, got {self.low} to {self.high}")
        return self

    def draw(self, source: random.Random) -> float:
        """One number of it."""
        if self.log:
            value = math.exp(source.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = source.uniform(self.low, self.high)
        return round(value) if self.whole else float(f"{min(max(value, self.low), self.high):.6g}")


def _sort(values: Any) -> str:
    return "interval" if isinstance(values, dict | Interval) else "values"


Drawn = Annotated[Annotated[Values, Tag("values")] | Annotated[Interval, Tag("interval")], Discriminator(_sort)]


class Sweep(BaseModel):
    """A file of a sweep.

    Attributes:
        preset: settings that all runs start from, by name; or
        config: the settings themselves.
        set: changes that all runs share, by dotted name.
        grid: values by dotted name; every combination is a run.
        random: values or intervals by dotted name, of which each run draws one each.
        draws: how many runs `random` makes.
        seed: of the draws.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str | None = None
    config: dict[str, Any] | None = None
    set: dict[str, Any] = {}
    grid: dict[str, Values] = {}
    random: dict[str, Drawn] = {}
    draws: int = Field(1, ge=1, le=_MOST_RUNS)
    seed: int = Field(0, ge=0, lt=2**64)

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.preset is None) == (self.config is None):
            raise ValueError("expected either preset or config, the settings that all runs start from")
        if bool(self.grid) == bool(self.random):
            raise ValueError("expected either grid or random, the settings in which runs differ")
        if math.prod(map(len, self.grid.values())) > _MOST_RUNS:
            raise ValueError(f"grid: expected at most {_MOST_RUNS:,} runs")
        return self

    def changes(self) -> list[dict[str, Any]]:
        """What each run sets differently, by dotted name; a random sweep always draws the same."""
        if self.grid:
            return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]
        source = random.Random(self.seed)
        return [{name: _drawn(values, source) for name, values in self.random.items()} for _ in range(self.draws)]


def runs_of(values: Mapping[str, Any], where: str) -> dict[str, RunConfig]:
    """The settings of every run that a sweep's file asks for, by name of its folder; all are checked.

    Args:
        values: of the file.
        where: what errors call it.

    Raises:
        ConfigError: the file is not a sweep, or one of the runs has settings that do not fit.
    """
    sweep = parse(Sweep, dict(values), where)
    base = named(sweep.preset).model_dump() if sweep.preset is not None else dict(sweep.config or {})
    runs = {}
    for changed in sweep.changes():
        settings = json.loads(json.dumps(base))  # a copy of plain values
        for name, value in {**sweep.set, **changed}.items():
            put(settings, name, value, f"{where}: {name}")
        words = ", ".join(f"{name}={value}" for name, value in changed.items())
        runs[run_name(changed)] = parse(RunConfig, settings, f"{where}: {words}")
    return runs


def run_name(changed: Mapping[str, Any]) -> str:
    """A folder's name that says what a run sets differently, e.g. `latent_dim-16_seed-0`; long ones end in a hash."""
    words = "_".join(f"{name.rpartition('.')[2]}-{_word(value)}" for name, value in changed.items())
    exact = json.dumps(dict(changed), sort_keys=True)
    plain = len(words) <= _SHORT and all(isinstance(value, int | float | str) for value in changed.values())
    distinct = len({name.rpartition(".")[2] for name in changed}) == len(changed)
    if plain and distinct and re.sub(r"[\w.+-]", "", words) == "":
        return words
    return f"{re.sub(r'[^A-Za-z0-9_.+-]', '-', words)[:_SHORT]}-{hashlib.sha256(exact.encode()).hexdigest()[:8]}"


def put(values: dict[str, Any], name: str, value: Any, where: str) -> None:
    """Set one of nested settings by its dotted name.

    Raises:
        ConfigError: on the way is something that holds no settings.
    """
    *groups, last = name.split(".")
    for group in groups:
        values = values.setdefault(group, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{where}: {group} holds no settings")
    values[last] = value


def _drawn(values: list[Any] | Interval, source: random.Random) -> Any:
    return values.draw(source) if isinstance(values, Interval) else source.choice(values)


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
