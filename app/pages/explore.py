"""Explore: a picture, the spikes and the firing rates behind it, and a slider for each rate."""

from __future__ import annotations

import streamlit as st

from app import catalogue, scene, visit
from app.panels import header, picture, rates, source, takeaway


def page() -> None:
    """Draw the page for the present state."""
    entries = catalogue.find(catalogue.folders())
    default = scene.default_state(entries)
    if default is None:
        header.nothing_here(entries)
        return
    visit.settle(lambda: default, lambda state: scene.build(state, entries))
    now = scene.build(visit.state(), entries)
    header.draw(now, entries)
    left, middle, right = st.columns((27, 29, 60), gap="medium")
    with left:
        source.draw(now)
    with middle:
        picture.draw(now)
    with right:
        rates.draw(now)
    takeaway.draw(now)
    visit.write_link()
