"""What is on the screen as one file that needs no server: see `esvae_core.explore.page`."""

from __future__ import annotations

from dataclasses import replace

from app import catalogue, maps
from app.state import LinkError, State, encode
from esvae_core.explore.atlas import Atlas
from esvae_core.explore.map import map_key
from esvae_core.explore.page import View, page

VIEWS: tuple[View, ...] = ("explore", "spikes", "map")
"""Views that the file has, too."""

MAP_OF = "map.of"
"""Of the view's value that names a map drawn with other settings: neighbours-distance-metric."""


def page_of(shelf: catalogue.Shelf, view: str, state: State) -> str:
    """The file's text.

    Args:
        shelf: The model.
        view: The view that it opens at.
        state: What is on the screen.

    Raises:
        LinkError: the view is not among those of the file, or the state is of another model.
        InputError: the view is the map, and there is none.
    """
    found = next((known for known in VIEWS if known == view), None)
    if found is None:
        raise LinkError(f"view: expected one of {', '.join(VIEWS)}, found {view[:24]!r}")
    if state.model != shelf.entry.name:
        raise LinkError(f"model: expected {shelf.entry.name!r}, found {state.model!r}")
    path = catalogue.described(shelf)["path"]
    atlas = None if shelf.atlas is None else _with_map(shelf.atlas, state)
    return page(shelf.checkpoint, shelf.entry.name, path=path, atlas=atlas, view=found, link=encode(state))


def _with_map(atlas: Atlas, state: State) -> Atlas:
    """The atlas with the map that is on the screen."""
    words = dict(zip(("neighbors", "min_dist", "metric"), dict(state.view).get(MAP_OF, "").split("-"), strict=False))
    if len(words) < 3:
        return atlas
    drawn = maps.finished(map_key(atlas.rates, maps.settings_of(words)))
    return atlas if drawn is None else replace(atlas, map=drawn)
