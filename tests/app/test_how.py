"""How it works in Chromium: every number and picture on the path is what Python finds for the same example."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from app import catalogue
from app.state import Prior, State, TestImage, UserImage, from_grid, to_grid
from esvae_core.engine import noise

from .test_spikes import decoded, restarted, same, spikes_of
from .visits import LARGE, LINK, loaded, open_page, pixels_of, soon, state_of, until

pytestmark = pytest.mark.browser


def open_how(page, state: State = LINK) -> None:
    open_page(page, state, "/how")
    loaded(page)


@pytest.fixture(scope="module")
def opened(context, shelf_dir):
    """One page for many tests: opening one takes longer than all that they do in it."""
    page = context.new_page()
    open_how(page)
    yield page
    page.close()


@pytest.fixture
def visit(opened, shelf_dir, monkeypatch):
    """That page, as it was when it was opened."""
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])
    return restarted(opened)


def card(page, title: str):
    return page.get_by_role("listitem", name=title, exact=True)


@pytest.fixture(scope="module")
def digit():
    """A test image that is always at hand: scikit-learn's digits come with the package."""
    loaded = catalogue.named("digits")
    assert loaded.atlas is not None
    row = 3
    rates = tuple(int(n) for n in to_grid(loaded.atlas.rates[row].tolist()))
    state = State("digits", TestImage(int(loaded.atlas.indices[row])), rates, 7, "bernoulli", 16)
    images = catalogue.originals(loaded)
    assert images is not None
    return state, images.images[loaded.atlas.indices[row]], loaded.model


def test_the_path_of_a_test_image(page, digit):
    state, pixels, model = digit
    open_how(page, state)
    page.locator("[data-source=image]").wait_for()
    assert np.array_equal(pixels_of(page, "canvas.source-image")[:, :, 0], pixels[0])
    image = torch.from_numpy(pixels.astype(np.float32))[None] / 127.5 - 1
    with torch.inference_mode():
        encoder = model.trace_encode(image)
        spikes = torch.from_numpy(spikes_of(state).astype(np.float32))[:, None]
        decoder = model.trace_decode(spikes)
    for title, trace in (("Encoder", encoder), ("Decoder", decoder)):
        fired = sum(int(layer.spikes.sum()) for layer in trace.layers.values())
        said = re.search(r"([\d,]+) spikes", card(page, title).locator(".card-words").text_content())[1]
        # a membrane within rounding of the threshold may fall to either side
        assert int(said.replace(",", "")) == pytest.approx(fired, rel=1e-4), title
    error = float(((decoder.images[-1] - image) ** 2).mean())
    assert float(card(page, "Picture").get_attribute("data-error")) == pytest.approx(error, rel=1e-3)
    assert f"mean squared error against the image is {error:.3g}" in card(page, "Picture").text_content()
    words = card(page, "Rates").locator(".card-words").text_content()
    assert "moved" not in words, "the encoder's rates are those of the link"
    assert f"{int(spikes.sum())} spikes, expected" in card(page, "Spikes").text_content()
    assert page.locator("math").count() >= 7


def test_noise_spikes_and_pictures_on_the_way(visit):
    page = visit
    spikes = spikes_of(LINK)
    assert int(card(page, "Noise").get_attribute("data-fired")) == spikes[:, 0].sum()
    assert same(page, decoded(spikes))
    for after in (1, 2, 4, 8):
        assert same(page, decoded(spikes, after), f"canvas[aria-label='Picture after {after} of 8 steps']")
    page.get_by_label("Steps shown").fill("5")
    assert same(page, decoded(spikes, 5))
    page.get_by_role("button", name="New noise").click()
    assert soon(page, lambda: state_of(page).seed != 7)
    assert same(page, decoded(spikes_of(state_of(page)), 5))


def test_another_example_is_one_click_away(visit):
    page = visit
    page.get_by_role("button", name=re.compile("^c, test image")).first.click()
    assert soon(page, lambda: isinstance(state_of(page).source, TestImage))
    state = state_of(page)
    assert same(page, decoded(spikes_of(state)))
    page.keyboard.press("Control+z")
    assert soon(page, lambda: state_of(page) == LINK)


def test_a_source_that_is_no_image_is_said_to_be_none(page):
    normals = noise.normal(4, 6)
    model = catalogue.named("aaa").model
    open_how(page, State("aaa", Prior(4), LINK.rates, 7, "systematic", 8))
    assert "There is no image: these rates come from the prior." in card(page, "Random numbers").text_content()
    chart = card(page, "Random numbers").get_by_role("img")
    assert f"6 numbers from {normals.min():.3g} to {normals.max():.3g}." in chart.get_attribute("aria-label")
    with torch.inference_mode():
        rates = from_grid(to_grid(model.prior(torch.from_numpy(normals.astype(np.float32))[None])[0].tolist()))
    assert f"Rates from {rates.min():.3g} to {rates.max():.3g}." in card(page, "Prior").get_by_role(
        "img"
    ).get_attribute("aria-label")
    open_how(page, State("aaa", UserImage(LINK.rates), LINK.rates, 7, "bernoulli", 8))
    page.locator("[data-source=painted]").wait_for()
    assert "only the rates are kept" in card(page, "Image").text_content()
    with torch.inference_mode():
        spikes = noise.sample(from_grid(LINK.rates), 0, "systematic", model.config.time_steps).astype(np.float32)
        painting = model.decode(torch.from_numpy(spikes)[:, None])
        fired = sum(int(layer.spikes.sum()) for layer in model.trace_encode(painting).layers.values())
    said = re.search(r"([\d,]+) spikes", card(page, "Encoder").locator(".card-words").text_content())[1]
    assert int(said.replace(",", "")) == pytest.approx(fired, rel=1e-3)
    atlas = catalogue.named("aaa").atlas
    open_how(page, State("aaa", TestImage(int(atlas.indices[0])), LINK.rates, 7, "bernoulli", 8))
    page.locator("[data-source=painted]").wait_for()
    assert "is not stored here" in card(page, "Image").text_content()
    moved = int((np.abs(atlas.rates[0] - from_grid(LINK.rates)) > 1e-4).sum())
    assert f"You have moved {moved} of them since." in card(page, "Rates").text_content()
    assert same(page, decoded(spikes_of(LINK)))


def test_without_simd_it_says_that_it_cannot_look_inside(page):
    page.add_init_script("WebAssembly.validate = () => false")
    page.goto("/how")
    page.get_by_text("looks into the model while it runs, and this browser cannot run it").wait_for()


def test_how_fits_a_phone(visit):
    page = visit
    page.set_viewport_size({"width": 390, "height": 844})
    until(page, "document.documentElement.scrollWidth <= 390")
    assert page.locator(LARGE).is_visible()
    page.set_viewport_size({"width": 1440, "height": 900})


ACCENTS = {"light": (0x64, 0x47, 0xC9), "dark": (0x9A, 0x83, 0xF0)}


def most_active(page, canvas: str) -> np.ndarray:
    """Colour of the pixel that is farthest from gray towards blue."""
    pixels = pixels_of(page, canvas).reshape(-1, 3).astype(int)
    return pixels[np.argmax(pixels @ [-1, -2, 3])]


def test_maps_of_layers_have_the_accent_from_another_page_and_in_another_theme(page, digit):
    state, _, _ = digit
    page.emulate_media(color_scheme="light")
    open_page(page, state)
    page.get_by_role("link", name="How it works").click()
    for scheme, accent in ACCENTS.items():
        page.emulate_media(color_scheme=scheme)
        for title in ("Encoder", "Decoder"):
            maps = page.locator(f"li[aria-label='{title}'] canvas.maps")
            maps.last.wait_for()
            for k in range(maps.count()):
                canvas = f"li[aria-label='{title}'] canvas.maps >> nth={k}"
                # what fires most is mostly of the accent, and what is silent is quiet: red below blue in both themes
                assert soon(page, lambda at=canvas, hue=accent: np.abs(most_active(page, at) - hue).max() <= 60), (
                    scheme,
                    title,
                    k,
                    most_active(page, canvas),
                )
