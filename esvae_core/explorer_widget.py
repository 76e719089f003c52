"""What `esvae_core.widget` gives: the explorer in a cell of a notebook, its values in step with Python.

Importing this needs anywidget, of the extra `notebook`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from esvae_core.errors import InputError
from esvae_core.esvae import SpikingCoder
from esvae_core.explore.atlas import Atlas
from esvae_core.explore.fixed_point import GRID, to_fixed_point, to_rates
from esvae_core.front_end import FRONT_END

if TYPE_CHECKING:
    from esvae_core.explore.latent_interface import Explorable

MAX_STEPS = 64
"""Time steps of spikes that the page shows, as `esvae_core/web/state/url_state.js` has them."""


class _Rates(traitlets.TraitType[Any, Any]):
    """(d,) rates in [0, 1]; the page gets them in units of 1/46080."""

    def validate(self, obj: ExplorerWidget, value: ArrayLike) -> NDArray[np.float32]:
        rates = _numbers("rates", value, (obj.dims,))
        if not ((rates >= 0) & (rates <= 1)).all():
            raise InputError("rates: expected numbers from 0 to 1")
        return _fixed(to_rates(to_fixed_point(rates)))


class _Spikes(traitlets.TraitType[Any, Any]):
    """(T, d) spikes, 0 or 1; the page gets a text for each time step."""

    def validate(self, obj: ExplorerWidget, value: ArrayLike) -> NDArray[np.uint8]:
        if not obj.spiking:
            raise InputError("spikes: this model has none")
        spikes = _numbers("spikes", value, (None, obj.dims))
        if not ((spikes == 0) | (spikes == 1)).all() or not 1 <= len(spikes) <= MAX_STEPS:
            raise InputError(f"spikes: expected 1 to {MAX_STEPS} time steps of 0 and 1")
        return _fixed(spikes.astype(np.uint8))


class _Selection(traitlets.TraitType[Any, Any]):
    """Numbers of test images in the map."""

    def validate(self, obj: ExplorerWidget, value: ArrayLike) -> tuple[int, ...]:
        wanted = tuple(_numbers("selection", value, (None,)).astype(int).tolist())
        unknown = [image for image in wanted if image not in obj.images]
        if unknown:
            raise InputError(f"selection: expected test images of the model's map, found {unknown[0]}")
        return wanted


class ExplorerWidget(anywidget.AnyWidget):
    """The explorer of one model, in step with Python; `observe(f, "rates")` calls f after every change.

    Attributes:
        rates: (d,) of the latent on the screen, 0 to 1, read-only; None before it is shown. Assign others to show them.
        spikes: (T, d) spikes on the screen, 0 or 1, read-only; None before it is shown, and for a model without them.
            Assigned ones are kept as edits of those that the rates draw.
        selection: Numbers of the test images that are selected in the map; None without a map, or before it is shown.
    """

    _esm = FRONT_END / "notebook_widget.js"
    _page = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    rates = _Rates(None, allow_none=True).tag(
        sync=True,
        to_json=lambda rates, _: None if rates is None else to_fixed_point(rates).tolist(),
        from_json=lambda units, _: None if units is None else np.asarray(units) / GRID,
    )
    spikes = _Spikes(None, allow_none=True).tag(
        sync=True,
        to_json=lambda spikes, _: None if spikes is None else ["".join(map(str, row)) for row in spikes.tolist()],
        from_json=lambda rows, _: None if rows is None else [[int(cell) for cell in row] for row in rows],
    )
    selection = _Selection(None, allow_none=True).tag(sync=True)

    def __init__(self, model: Explorable, atlas: Atlas | None, text: str, height: int) -> None:
        self.dims = model.config.latent_dim
        self.spiking = isinstance(model, SpikingCoder)
        self.images = frozenset() if atlas is None or atlas.map is None else frozenset(atlas.indices.tolist())
        super().__init__(_page=text, height=height)


def _numbers(what: str, value: ArrayLike, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    try:
        found = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what}: expected numbers, found {type(value).__name__}") from None
    fits = found.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True))
    if not fits or not np.isfinite(found).all():
        words = " x ".join("any" if n is None else str(n) for n in shape)
        raise InputError(f"{what}: expected {words} finite numbers, found an array of shape {found.shape}")
    return found


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
