"""What a visitor can take along: a table of rates, and the lines of Python that make the picture again."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from app.state import GRID, Rates, State


def rates_csv(source: Rates, now: Rates) -> str:
    """One line per dimension: its index, the source's rate, the present rate; in spikes per time step."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("dimension", "source_rate", "current_rate"))
    table.writerows((i, _number(a), _number(b)) for i, (a, b) in enumerate(zip(source, now, strict=True)))
    return file.getvalue()


def picture_code(state: State, path: Path) -> str:
    """Python that draws the state's picture, to the pixel."""
    rates, unit = _rates(state)
    return f"""\
import numpy as np
from esvae_core import checkpoint
from esvae_core.explore.drawing import draw
from esvae_core.pictures import to_picture

model = checkpoint.load({_place(path)}).model
rates = np.array([{rates}]) / {unit}
drawing = draw(model, rates, seed={state.seed}, sampler="{state.sampler}", steps={state.steps})
to_picture(drawing.pixels[0], scale=10).save("picture.png")"""


def grid_code(state: State, path: Path, rows: int, columns: int, seed: int) -> str:
    """Python that draws a grid of samples from the prior, to the pixel."""
    return f"""\
from esvae_core import checkpoint, pictures, seeds

model = checkpoint.load({_place(path)}).model
sample = model.sample({rows * columns}, seeds.generator({seed}, "grid"), sampler="{state.sampler}", steps={state.steps})
pictures.grid(sample.images, columns={columns}, scale=4).save("grid.png")"""


def _rates(state: State) -> tuple[list[int], int]:
    """The rates as whole numbers over the smallest unit that fits them: T of most models, or the grid's."""
    for unit in (1, 2, 4, 8, 16, 32, 64):
        if all(rate * unit % GRID == 0 for rate in state.rates):
            return [rate * unit // GRID for rate in state.rates], unit
    return list(state.rates), GRID


def _number(rate: int) -> str:
    return f"{rate / GRID:.6f}".rstrip("0").rstrip(".")


def _place(path: Path) -> str:
    """The path as one would type it where the app was started."""
    here = Path.cwd()
    return json.dumps(path.relative_to(here).as_posix() if path.is_relative_to(here) else os.fspath(path))
