"""The firing rates: as bars, as sliders, and as the spikes they become."""

from __future__ import annotations

import streamlit as st

from app import drawings, visit
from app.scene import Scene
from app.state import GRID, Order, from_grid, to_grid

PAGE = 32  # sliders shown at once
HEIGHT = 312  # px; room for all of them in four columns
_ORDERS: dict[Order, str] = {"effect": "by effect", "index": "by index"}


def draw(now: Scene) -> None:
    """Draw the panel."""
    _heading(now)
    rates, source = from_grid(now.state.rates), from_grid(now.source_rates)
    counts = None if now.shelf.atlas is None else now.shelf.atlas.counts
    st.html(drawings.rate_bars(rates, source, now.order, counts, now.config.time_steps))
    _sliders(now)
    _raster(now)


def _heading(now: Scene) -> None:
    data = '<span class="key data"></span>test images' if now.shelf.atlas is not None else ""
    with st.container(key="rates-head", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            '<div class="head"><h2>Rates <small>spikes per time step</small></h2><p class="legend">'
            f'<span class="key now"></span>now<span class="key was"></span>source{data}</p></div>'
        )
        if now.shelf.atlas is not None:
            st.segmented_control(
                "Order of the dimensions",
                list(_ORDERS),
                format_func=_ORDERS.__getitem__,
                key=visit.show("order", now.state.order),
                on_change=_reorder,
                required=True,
                label_visibility="collapsed",
                help="Effect: how much the picture changes when the rate crosses the range of the test images.",
            )


def _reorder() -> None:
    visit.change(order=visit.value("order"))


def _sliders(now: Scene) -> None:
    shown = now.order
    if now.dims > PAGE:
        starts = list(range(0, now.dims, PAGE))
        start = st.segmented_control(
            "Which dimensions",
            starts,
            format_func=lambda s: f"{s + 1} to {min(s + PAGE, now.dims)}",
            default=0,
            required=True,
            key=f"page:{now.state.checkpoint}",
            on_change=visit.touch,
            label_visibility="collapsed",
        )
        shown = shown[start or 0 : (start or 0) + PAGE]
    with st.container(key="sliders", height=HEIGHT, border=False), st.container(key="mixer", horizontal=True, gap=None):
        for i in shown:
            _slider(now, i)


def _slider(now: Scene, i: int) -> None:
    key = f"rate:{now.state.checkpoint}:{i}"
    st.slider(
        f"d{i}",
        0.0,
        1.0,
        step=1 / now.config.time_steps,
        format="%.2f",
        key=visit.show(key, now.state.rates[i] / GRID),
        on_change=_move,
        args=(i, key),
    )


def _move(i: int, key: str) -> None:
    rates = list(visit.state().rates)
    (rates[i],) = to_grid([visit.value(key)])
    visit.change(rates=tuple(rates))


def _raster(now: Scene) -> None:
    spikes, source = now.drawing.spikes[:, 0], now.source_drawing.spikes[:, 0]
    rates = from_grid(now.state.rates).astype(float)
    expected = now.state.steps * rates.sum()
    spread = (now.state.steps * (rates * (1 - rates)).sum()) ** 0.5
    luck = f" ± {spread:.0f}" if now.state.sampler == "bernoulli" else ""
    said = f"{int(spikes.sum())} of {spikes.size} possible; the rates say {expected:.0f}{luck}"
    st.html(
        f'<div class="head"><h2>Spikes <small>{said}</small></h2>'
        '<p class="legend"><span class="key both"></span>as at the source'
        '<span class="key now"></span>only now<span class="key was"></span>only at the source</p></div>'
        + drawings.raster(spikes, source, now.order)
    )
