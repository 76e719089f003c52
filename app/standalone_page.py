"""What is on the screen as one file that needs no server: see `esvae_core.explore.page`."""

from __future__ import annotations

from dataclasses import replace

from app import catalogue, maps
from app.assets import TRANSLATIONS
from app.responses import SHARED, Piece
from app.state import LinkError, State, encode
from esvae_core.explore.atlas import Atlas
from esvae_core.explore.languages import ENGLISH
from esvae_core.explore.map import map_key
from esvae_core.explore.page import pieces
from esvae_core.explore.views import SERVED

MAP_OF = "map.of"
"""Of the view's value that names a map drawn with other settings: neighbours-distance-metric."""


def page_of(loaded: catalogue.LoadedCheckpoint, view: str, state: State, language: str = ENGLISH) -> list[Piece]:
    """The file in pieces; the large ones are shared with other pages of the model that are being sent.

    Args:
        loaded: The model.
        view: The view that it opens at.
        state: What is on the screen.
        language: Code of the language of its words; English, if it is not offered.

    Raises:
        LinkError: the view is not among those of the file, or the state is of another model.
        InputError: the view is the map, and there is none.
    """
    views = [each.name for each in SERVED if each.standalone]
    if view not in views:
        raise LinkError(f"view: expected one of {', '.join(views)}, found {view[:24]!r}")
    if state.model != loaded.entry.name:
        raise LinkError(f"model: expected {loaded.entry.name!r}, found {state.model!r}")
    atlas, key = (None, "") if loaded.atlas is None else _with_map(loaded.atlas, state)
    return pieces(
        loaded.header,
        loaded.entry.name,
        path=catalogue.typed(loaded.entry.path),
        bundle=loaded.bundle,
        earlier=loaded.earlier,
        latent=loaded.latent,
        atlas=atlas,
        originals=catalogue.kept_originals(loaded),
        controls=loaded.controls,
        view=view,
        link=encode(state),
        translation=TRANSLATIONS.get(language),
        share=lambda what, make: SHARED.get((f"page's {what}", loaded, key if what == "atlas" else ""), make),
    )


def _with_map(atlas: Atlas, state: State) -> tuple[Atlas, str]:
    """The atlas with the map that is on the screen, and that map's key, "" if it came with the atlas."""
    words = dict(zip(("neighbors", "min_dist", "metric"), dict(state.view).get(MAP_OF, "").split("-"), strict=False))
    if len(words) < 3:
        return atlas, ""
    key = map_key(atlas.rates, maps.settings_of(words))
    drawn = maps.finished(key)
    return (atlas, "") if drawn is None else (replace(atlas, map=drawn), key)
