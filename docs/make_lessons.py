"""Make the links of the lessons anew, after a model that they open was trained again.

    python -m docs.make_lessons

The sentences stay; the rates become those of today's models. tests/app/test_lessons.py checks what the sentences say.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from app import catalogue, server_decode
from app.state import State, TestImage, decode, encode, to_grid
from esvae_core.front_end import FRONT_END

TABLE = FRONT_END / "parts/shared/lessons_table.js"
_LESSON = re.compile(r'id: "(?P<id>\w+)",.*?link: "(?P<link>[^"]+)"', re.S)

Rates = NDArray[np.floating]


def holes(ink: NDArray[np.bool_]) -> int:
    """Parts of the ground that do not reach the edge of a picture."""
    parts, count = ndimage.label(~ink)
    edge = set(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return len(set(range(1, count + 1)) - edge)


def ink_of(state: State) -> NDArray[np.bool_]:
    """(height, width), true where the picture of a state is bright."""
    return server_decode.drawn(state).pixels[0].astype(float).mean(-1) > 127


def remade(lesson: str, state: State) -> State:
    """The state of a lesson with the rates that its model gives today."""
    match lesson:
        case "eight":
            return _eight(state)
        case "leave":
            return _mixed(state)
        case "spike":
            return _turned(_of_image(state, index_of(state)))
        case _:
            return _of_image(state, index_of(state))


def index_of(state: State) -> int:
    """Test image that a lesson starts from."""
    assert isinstance(state.source, TestImage)
    return state.source.index


def rates_of(model: str, index: int) -> Rates:
    """(d,) rates of one of the test images in a model's atlas."""
    atlas = catalogue.named(model).atlas
    found: Rates = atlas.rates[list(atlas.indices).index(index)]
    return found


def _of_image(state: State, index: int) -> State:
    return replace(state, source=TestImage(index), rates=to_grid(rates_of(state.model, index)))


def _eight(state: State) -> State:
    """The first 3 of the atlas that shows no hole and, moved as little as it takes, two of at least three pixels."""
    loaded = catalogue.named(state.model)
    control = loaded.controls["class:8"]
    for row in np.flatnonzero(loaded.atlas.labels == loaded.atlas.class_names.index("3")):
        index = int(loaded.atlas.indices[row])
        start = rates_of(state.model, index)
        if holes(ink_of(_of_image(state, index))):
            continue
        for amount in np.arange(0.5, 2.01, 0.25):
            moved = replace(state, source=TestImage(index), rates=to_grid(control.apply(start[None], amount)[0]))
            ink = ink_of(moved)
            if holes(ink) == holes(ndimage.binary_dilation(ink)) == 2:
                return moved
    raise SystemExit(f"{state.model}: no 3 became an 8")


def _turned(state: State) -> State:
    """The spike turned whose turning changes the picture most."""
    plain = replace(state, view=tuple((name, value) for name, value in state.view if name != "flips"))
    picture = server_decode.drawn(plain).pixels.astype(int)
    changed = []
    for cell in range(state.steps * len(state.rates)):
        turned = replace(plain, view=(("flips", f"s{np.base_repr(cell, 36).lower()}"), *plain.view))
        changed.append((np.square(server_decode.drawn(turned).pixels - picture).sum(), turned))
    return max(changed, key=lambda each: each[0])[1]


def _mixed(state: State) -> State:
    """Every rate that of another test image."""
    rates = catalogue.named(state.model).atlas.rates
    rows = np.random.default_rng(state.seed).permutation(len(rates))[: rates.shape[1]]
    return replace(state, rates=to_grid(rates[rows, np.arange(rates.shape[1])]))


def main() -> None:
    """Write the links into the page's table."""

    def with_link(match: re.Match[str]) -> str:
        link = encode(remade(match["id"], decode(match["link"])))
        print(match["id"], link)
        return match[0].replace(match["link"], link)

    TABLE.write_text(_LESSON.sub(with_link, TABLE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
