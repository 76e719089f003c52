"""Where the rates come from: a test image, the prior, or a picture that the visitor brings."""

from __future__ import annotations

import logging
import secrets

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from app import drawings, visit
from app.catalogue import originals
from app.scene import Scene, source_rates
from app.state import MAX_SEED, Prior, Rates, TestImage, Upload, to_grid
from esvae_core.data import ImageSet, open_image, to_model_input
from esvae_core.errors import EsvaeError
from esvae_core.explore.drawing import draw as draw_rates

ALL = -1  # the class of those that want no filter
TILES = 36  # pictures in the gallery at once
_TABS = ("Test images", "Prior", "Upload")
_KINDS = {TestImage: _TABS[0], Prior: _TABS[1], Upload: _TABS[2]}
_TYPES = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "pgm", "ppm"]
_LOG = logging.getLogger("esvae.app")


def draw(now: Scene) -> None:
    """Draw the panel."""
    st.html(f"<h2>Source <small>{_said(now)}</small></h2>")
    test, prior, upload = st.tabs(_TABS, default=_KINDS[type(now.state.source)])
    with test:
        _gallery(now)
    with prior:
        _prior(now)
    with upload:
        _upload(now)


def original(now: Scene) -> NDArray[np.uint8] | None:
    """(H, W, C): the image that the source's rates were read from, where it is at hand."""
    match now.state.source:
        case TestImage(index):
            images = _originals(now)
            return None if images is None or index >= len(images) else images.images[index].transpose(1, 2, 0)
        case Upload(rates):
            brought = st.session_state.get("brought")
            return brought[1] if brought is not None and brought[0] == rates else None
    return None


def _said(now: Scene) -> str:
    match now.state.source:
        case TestImage(index):
            atlas = now.shelf.atlas
            assert atlas is not None
            label = int(atlas.labels[np.flatnonzero(atlas.indices == index)[0]])
            return f"test image {index}, a “{atlas.class_names[label]}”"
        case Prior(seed):
            return f"prior, seed {seed}"
        case Upload():
            return "a picture of your own"


def _originals(now: Scene) -> ImageSet | None:
    atlas, config = now.shelf.atlas, now.config
    if atlas is None:
        return None
    return originals(atlas.dataset, atlas.dataset_sha256, config.image_size, config.image_channels)


# ---- test images ---------------------------------------------------------------------------------------------------


def _gallery(now: Scene) -> None:
    atlas = now.shelf.atlas
    if atlas is None:
        st.info("This checkpoint has no atlas of test images; start from the prior or from a picture of your own.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        label = st.selectbox(
            "Class",
            [ALL, *range(len(atlas.class_names))],
            format_func=lambda i: "all classes" if i == ALL else atlas.class_names[i],
            key=f"class:{now.state.checkpoint}",
            on_change=visit.touch,
            label_visibility="collapsed",
            width=190,
        )
        places = _places(now, label)
        pages = max(1, -(-len(places) // TILES))
        turn = st.session_state.get("turn", 0) % pages
        st.button(
            "More", icon=":material/refresh:", on_click=_turn, args=(turn + 1,), disabled=pages == 1, help="Other ones."
        )
    images = _originals(now)
    real = images is not None and bool(st.session_state.get("real", False))
    shown = places[turn * TILES : (turn + 1) * TILES]
    if real and images is not None:
        tiles = images.images[atlas.indices[shown]].transpose(0, 2, 3, 1)
    else:
        tiles = _tiles(now.state.checkpoint, atlas.checkpoint_sha256, tuple(shown.tolist()), now)
    with st.container(key="gallery", horizontal=True, gap=None):
        for place, tile in zip(shown.tolist(), tiles, strict=True):
            index = int(atlas.indices[place])
            name = atlas.class_names[atlas.labels[place]]
            st.button(
                f"![{name}, test image {index}]({drawings.data_url(drawings.png(tile))})",
                key=f"tile:{now.state.checkpoint}:{index}",
                type="primary" if now.state.source == TestImage(index) else "tertiary",
                on_click=_start_from,
                args=(now, index),
            )
    if images is not None:
        st.toggle("Show the images themselves", key="real", on_change=visit.touch)
    if not real:
        st.caption("Each is what the model makes of a test image: its rates, decoded with noise seed 0.")


def _places(now: Scene, label: int) -> NDArray[np.int64]:
    """Positions in the atlas of one class or all, those with a stored picture first."""
    atlas = now.shelf.atlas
    assert atlas is not None
    rest = np.setdiff1d(np.arange(len(atlas)), atlas.tile_positions)
    places = np.concatenate([atlas.tile_positions, rest])
    return places if label == ALL else places[atlas.labels[places] == label]


@st.cache_data(show_spinner=False, max_entries=200)
def _tiles(checkpoint: str, sha256: str, places: tuple[int, ...], _now: Scene) -> NDArray[np.uint8]:
    """(n, H, W, C): pictures of atlas positions, stored ones or decoded in the same way."""
    atlas = _now.shelf.atlas
    assert atlas is not None
    stored = dict(zip(atlas.tile_positions.tolist(), atlas.tiles, strict=True))
    missing = [place for place in places if place not in stored]
    if missing:
        config = _now.config
        drawn = draw_rates(
            _now.model, atlas.rates[missing], seed=0, sampler=config.sampler, steps=config.time_steps
        ).pixels
        stored |= dict(zip(missing, drawn, strict=True))
    return np.stack([stored[place] for place in places])


def _turn(page: int) -> None:
    visit.touch()
    st.session_state["turn"] = page


def _start_from(now: Scene, index: int) -> None:
    source = TestImage(index)
    visit.change(source=source, rates=source_rates(now.shelf, source))


# ---- the prior -----------------------------------------------------------------------------------------------------


def _prior(now: Scene) -> None:
    st.caption(
        "The prior turns normal numbers into rates with one learned layer, r = sigmoid(W n + b). Its samples are where "
        "the model is weakest: expect some that look like nothing."
    )
    seed = now.state.source.seed if isinstance(now.state.source, Prior) else 0
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input(
            "Prior seed",
            0,
            MAX_SEED,
            key=visit.show("prior-seed", seed),
            on_change=_take_prior,
            args=(now,),
            width=120,
        )
        st.button("Draw", key="prior-again", on_click=_take_prior, args=(now,), help="The rates of this seed.")
        st.button("New", icon=":material/casino:", on_click=_new_prior, args=(now,))


def _take_prior(now: Scene) -> None:
    source = Prior(visit.value("prior-seed"))
    visit.change(source=source, rates=source_rates(now.shelf, source))


def _new_prior(now: Scene) -> None:
    source = Prior(secrets.randbelow(10_000))
    visit.change(source=source, rates=source_rates(now.shelf, source))


# ---- a picture of one's own ----------------------------------------------------------------------------------------


def _upload(now: Scene) -> None:
    st.file_uploader("A picture of your own", type=_TYPES, key="upload", on_change=_take_upload, args=(now,))
    st.toggle(
        "Invert it first",
        key="invert",
        on_change=_take_upload,
        args=(now,),
        help="For dark ink on white paper, where the model knows white on black.",
    )
    size = now.config.image_size
    st.caption(
        f"Its centre square is brought to {size} x {size} pixels, stays on the machine that runs this app, and is "
        "encoded to rates. The link keeps the rates, not the picture."
    )


def _take_upload(now: Scene) -> None:
    visit.touch()
    file = st.session_state["upload"]
    if file is None:
        return
    try:
        pixels, rates = _encode(now, file.getvalue(), file.name, st.session_state["invert"])
    except EsvaeError as error:
        visit.tell(f"{error}.")
    except Exception:  # nothing that somebody uploads may take the page down
        _LOG.exception("upload %r", file.name)
        visit.tell(f"{file.name}: could not be used; the reason is in the server's log.")
    else:
        st.session_state["brought"] = (rates, pixels)
        visit.change(source=Upload(rates), rates=rates)


@torch.inference_mode()
def _encode(now: Scene, content: bytes, name: str, invert: bool) -> tuple[NDArray[np.uint8], Rates]:
    config = now.config
    pixels = to_model_input(open_image(content, name), image_size=config.image_size, channels=config.image_channels)
    pixels = 255 - pixels if invert else pixels
    rates = now.model.encode(torch.from_numpy(pixels.astype(np.float32))[None] / 127.5 - 1).rates
    return pixels.transpose(1, 2, 0), to_grid(rates[0].tolist())
