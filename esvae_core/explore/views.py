"""The one table of views, for the explorer's navigation, the page in one file, `esvae page` and the page's menus."""

from __future__ import annotations

from dataclasses import dataclass

from esvae_core.errors import InputError


@dataclass(frozen=True)
class View:
    """A view of the page.

    Attributes:
        name: In addresses, and of `esvae page --view`.
        title: What the navigation calls it.
        module: It is `web/views/MODULE.js`.
        served: Whether the explorer has it in its navigation.
        standalone: Whether a page in one file has it.
        tab: Which tab of the view is opened; "" for the one that was open.
    """

    name: str
    title: str
    module: str
    served: bool = True
    standalone: bool = False
    tab: str = ""


VIEWS = (
    View("explore", "Explore", "explore", standalone=True, tab="test"),
    View("draw", "Draw", "explore", served=False, standalone=True, tab="draw"),
    View("spikes", "Spikes", "spikes", standalone=True),
    View("interpolate", "Interpolate", "interpolate"),
    View("map", "Map", "map", standalone=True),
    View("generate", "Generate", "generate"),
    View("dimensions", "Dimensions", "dimensions"),
    View("models", "Models", "models"),
    View("how", "How it works", "how"),
)
"""In the order of the navigation; the first is the one that a visit opens at."""

SERVED = tuple(view for view in VIEWS if view.served)
STANDALONE = tuple(view for view in VIEWS if view.standalone)


def standalone(name: str) -> View:
    """The view of that name that a page in one file can open at.

    Raises:
        InputError: there is none.
    """
    for view in STANDALONE:
        if view.name == name:
            return view
    raise InputError(f"view: expected one of {', '.join(view.name for view in STANDALONE)}, found {name[:24]!r}")
