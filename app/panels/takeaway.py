"""Below the instrument: the same in Python, and a grid of samples from the prior."""

from __future__ import annotations

import io

import streamlit as st

from app import drawings, takeaway, visit
from app.scene import Scene
from app.state import MAX_SEED
from esvae_core import pictures, seeds
from esvae_core.config import Sampler

LARGEST = 16


def draw(now: Scene) -> None:
    """Draw both sections."""
    st.html(f'<p class="quiet foot">the picture was drawn in {now.milliseconds:.0f} ms, on the server</p>')
    code, grid = st.columns(2, gap="medium")
    with code, st.expander("This picture in Python", icon=":material/code:", key="code"):
        st.code(takeaway.picture_code(now.state, now.shelf.entry.path), wrap_lines=True)
    with grid:
        section = st.expander(
            "A grid of samples from the prior", icon=":material/grid_on:", key="grid", on_change=visit.touch
        )
        if section.open:
            with section:
                _grid(now)


def _grid(now: Scene) -> None:
    with st.container(horizontal=True, gap="small"):
        rows = st.number_input("Rows", 1, LARGEST, 4, key="grid-rows", on_change=visit.touch, width=120)
        columns = st.number_input("Columns", 1, LARGEST, 8, key="grid-columns", on_change=visit.touch, width=120)
        seed = st.number_input("Seed", 0, MAX_SEED, 0, key="grid-seed", on_change=visit.touch, width=150)
    state = now.state
    file = _drawn(now.state.checkpoint, now.shelf.entry.changed, rows, columns, seed, state.sampler, state.steps, now)
    url = drawings.data_url(file)
    st.html(f'<img class="pixels sheet" alt="{rows * columns} samples from the prior, seed {seed}" src="{url}">')
    st.download_button("Grid, PNG", file, "grid.png", "image/png", icon=":material/download:", on_click="ignore")
    st.code(takeaway.grid_code(state, now.shelf.entry.path, rows, columns, seed), wrap_lines=True)


@st.cache_data(show_spinner="Drawing samples ...", max_entries=32)
def _drawn(
    checkpoint: str, changed: int, rows: int, columns: int, seed: int, sampler: Sampler, steps: int, _now: Scene
) -> bytes:
    sample = _now.model.sample(rows * columns, seeds.generator(seed, "grid"), sampler=sampler, steps=steps)
    file = io.BytesIO()
    pictures.grid(sample.images, columns=columns, scale=4).save(file, "PNG")
    return file.getvalue()
