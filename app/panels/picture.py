"""The picture, what it is compared with, and the noise it is drawn with."""

from __future__ import annotations

import secrets

import streamlit as st

from app import drawings, visit
from app.panels.source import original
from app.scene import Scene
from app.state import MAX_SEED, MAX_STEPS, TestImage
from esvae_core.config import Sampler

_SAMPLERS: dict[Sampler, str] = {"bernoulli": "Bernoulli", "systematic": "systematic"}
_HELP = (
    "How rates become spikes. Bernoulli, as published: every step is a coin with the rate as its chance, so the number "
    "of spikes varies. Systematic: spikes evenly spaced from one random offset, T x rate of them, rounded up or down."
)


def draw(now: Scene) -> None:
    """Draw the panel."""
    large = drawings.picture(now.drawing.pixels[0], "Picture of the present rates", "large")
    with st.container(key="picture"):
        st.html(f'<h2>Picture</h2><div class="pictures">{large}<div class="thumbs">{_thumbs(now)}</div></div>')
    _noise(now)


def _thumbs(now: Scene) -> str:
    shown = []
    true = original(now)
    if true is not None:
        what = "test image" if isinstance(now.state.source, TestImage) else "your picture"
        shown.append(drawings.figure(true, f"The original: {what}", what))
    shown.append(
        drawings.figure(now.source_drawing.pixels[0], "Picture of the source's rates", "source's rates, same noise")
    )
    return "".join(shown)


def _noise(now: Scene) -> None:
    state = now.state
    with st.container(key="noise", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input(
            "Noise seed",
            0,
            MAX_SEED,
            key=visit.show("seed", state.seed),
            on_change=_changed,
            args=("seed",),
            help="The noise is frozen: one seed, one noise, so that what changes in the picture comes from the rates.",
            width=150,
        )
        st.button("New noise", icon=":material/casino:", on_click=_new_noise)
        st.segmented_control(
            "Sampler",
            list(_SAMPLERS),
            format_func=_SAMPLERS.__getitem__,
            key=visit.show("sampler", state.sampler),
            on_change=_changed,
            args=("sampler",),
            required=True,
            help=_HELP,
        )
    st.slider(
        "Time steps T",
        1,
        MAX_STEPS,
        key=visit.show("steps", state.steps),
        on_change=_changed,
        args=("steps",),
        help=f"The model was trained with T = {now.config.time_steps}; other values are an experiment.",
    )


def _changed(field: str) -> None:
    visit.change(**{field: visit.value(field)})


def _new_noise() -> None:
    visit.change(seed=secrets.randbelow(10_000))  # few digits: a seed that one can say aloud
