"""The line at the top: which checkpoint, back and forth, and what to take along."""

from __future__ import annotations

import secrets
from functools import partial

import numpy as np
import streamlit as st

from app import catalogue, drawings, scene, takeaway, visit
from app.catalogue import Entry
from app.scene import Scene
from app.state import GRID, to_grid
from esvae_core.errors import EsvaeError


def draw(now: Scene, entries: list[Entry]) -> None:
    """Draw the header, and below it the notice if there is one."""
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        st.html("<h1>ESVAE explorer</h1>", width="content")
        _choice(now, entries)
        with st.container(key="moves", horizontal=True, horizontal_alignment="right", gap="small"):
            _buttons(now)
            _downloads(now)
    if visit.notice():
        st.warning(visit.notice(), icon=":material/info:")
    if now.shelf.atlas_problem:
        st.warning(f"The atlas is not shown: {now.shelf.atlas_problem}", icon=":material/info:")


def nothing_here(entries: list[Entry]) -> None:
    """What to say where no checkpoint can be used."""
    st.html("<h1>ESVAE explorer</h1>")
    places = ", ".join(f"`{place}`" for place in catalogue.folders())
    st.info(
        f"There is no checkpoint that can be opened in {places}. Train one with `esvae train`, or name a folder that "
        "has one in the environment variable ESVAE_CHECKPOINTS, and reload this page.",
        icon=":material/folder_open:",
    )
    for entry in entries:
        st.warning(entry.problem, icon=":material/broken_image:")


def _choice(now: Scene, entries: list[Entry]) -> None:
    readable = [entry.name for entry in entries if not entry.problem]
    st.selectbox(
        "Checkpoint",
        readable,
        key=visit.show("checkpoint", now.state.checkpoint),
        on_change=_switch,
        args=(entries,),
        label_visibility="collapsed",
        width=230,
    )
    config = now.config
    colour = "gray" if config.image_channels == 1 else "colour"
    st.html(
        f'<p class="quiet">{now.dims} latent neurons · {config.image_size} &times; {config.image_size} {colour}</p>',
        width="content",
    )
    broken = [entry for entry in entries if entry.problem]
    if broken:
        with st.popover(f"{len(broken)} unreadable", icon=":material/broken_image:", type="tertiary"):
            for entry in broken:
                st.markdown(f"**{entry.name}**: {entry.problem}")


def _switch(entries: list[Entry]) -> None:
    try:
        there = scene.first_state(scene.find(visit.value("checkpoint"), entries))
    except EsvaeError as error:
        visit.tell(str(error))
    else:
        visit.change(**vars(there))


def _buttons(now: Scene) -> None:
    st.button("Undo", icon=":material/undo:", shortcut="ctrl+z", on_click=visit.undo, disabled=not visit.can_undo())
    st.button("Redo", icon=":material/redo:", shortcut="ctrl+y", on_click=visit.redo, disabled=not visit.can_redo())
    st.button(
        "Reset",
        icon=":material/restart_alt:",
        help="All rates as they are at the source.",
        on_click=visit.change,
        kwargs={"rates": now.source_rates},
        disabled=now.state.rates == now.source_rates,
    )
    st.button(
        "Random",
        icon=":material/shuffle:",
        help="Each rate is drawn alone from those of the test images, so what they have in common is lost."
        if now.shelf.atlas
        else "Each rate is drawn evenly from 0 to 1.",
        on_click=_random,
        args=(now,),
    )


def _random(now: Scene) -> None:
    luck = np.random.default_rng(secrets.randbits(64))
    if now.shelf.atlas is None:
        visit.change(rates=tuple(int(n) for n in luck.integers(0, GRID, now.dims, endpoint=True)))
        return
    rows = luck.integers(0, len(now.shelf.atlas), now.dims)
    counts = now.shelf.atlas.counts[rows, np.arange(now.dims)]
    visit.change(rates=to_grid(counts / now.shelf.atlas.time_steps))


def _downloads(now: Scene) -> None:
    with st.popover("Download", icon=":material/download:"):
        st.markdown("The address of this page is a link to exactly this picture.")
        pixels = now.drawing.pixels[0]
        st.download_button(
            "Picture, PNG, 10 times as large",
            partial(drawings.png, pixels, 10),
            "picture.png",
            "image/png",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            f"Picture, PNG, {pixels.shape[1]} x {pixels.shape[0]} pixels",
            partial(drawings.png, pixels),
            "picture-small.png",
            "image/png",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            "Rates, CSV",
            takeaway.rates_csv(now.source_rates, now.state.rates),
            "rates.csv",
            "text/csv",
            on_click="ignore",
            width="stretch",
        )
