"""Spikes in Chromium: spikes turned, ranked, retimed and looked into, and that the page's numbers are Python's."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from app import catalogue
from app.flips import flips_of
from app.state import State, TestImage, encode, from_grid, to_grid
from esvae_core.engine import noise
from esvae_core.engine.damage import Damage, damaged
from esvae_core.pictures import to_uint8

from .visits import LARGE, LINK, alike, frames, open_page, pixels_of, settled, soon, state_of, time_to_go_wrong, until

pytestmark = pytest.mark.browser
RATES = np.array([0.5, 0.25, 0.75, 1, 0, 0.5], np.float32)
STEPS, DIMS = 8, 6
CELLS = "canvas.cells-canvas"


def spikes_of(state: State) -> np.ndarray:
    """(T, d) spikes of a state as Python draws them, with the edits of its link."""
    spikes = noise.sample(from_grid(state.rates), state.seed, state.sampler, state.steps).astype(np.uint8)
    spikes.reshape(-1)[list(flips_of(state))] ^= 1
    return spikes


@torch.inference_mode()
def decoded(spikes: np.ndarray, after: int | None = None) -> np.ndarray:
    """(C, H, W) picture in [-1, 1] of (T, d) spikes, at the end or after some steps."""
    model = catalogue.named("aaa").model
    trace = model.trace_decode(torch.from_numpy(spikes.astype(np.float32))[:, None])
    return trace.images[(after or len(spikes)) - 1, 0].numpy()


def same(page, image: np.ndarray, selector: str = LARGE) -> bool:
    wanted = to_uint8(torch.from_numpy(image)[None])[0]
    return soon(page, lambda: alike(pixels_of(page, selector), wanted))


def open_spikes(page, state: State | str = LINK) -> None:
    open_page(page, state, "/spikes")
    page.locator(".statistics-part[data-drawn]").wait_for()


@pytest.fixture(scope="module")
def opened(context, shelf_dir):
    """One page for many tests: opening one takes longer than all that they do in it."""
    page = context.new_page()
    open_spikes(page)
    yield page
    page.close()


@pytest.fixture
def visit(opened, shelf_dir, monkeypatch):
    """That page, as it was when it was opened."""
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])
    return restarted(opened)


def restarted(page):
    page.get_by_role("button", name="Steps", exact=True).click()
    page.get_by_role("button", name="0. start").click()
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    assert soon(page, lambda: state_of(page) == LINK)
    frames(page)
    return page


def place(page, j: int, t: int, steps: int = STEPS) -> tuple[float, float]:
    """Where a cell of the raster is in the window, neurons in their own order."""
    box = page.locator(CELLS).bounding_box()
    row = min(17, 420 // DIMS)
    left, right = 34, box["width"] - 84
    return box["x"] + left + (t + 0.5) * (right - left) / steps, box["y"] + 16 + (j + 0.5) * row


def turn(page, j: int, t: int) -> None:
    before = page.evaluate("location.href")
    page.mouse.click(*place(page, j, t))
    settled(page, before)


def test_a_click_turns_a_spike_and_the_picture_is_that_of_the_edited_spikes(visit):
    page = visit
    assert same(page, decoded(spikes_of(LINK)))
    turn(page, 1, 7)
    turn(page, 3, 6)
    edited = state_of(page)
    cells = sorted(int(text, 36) for text in dict(edited.view)["flips"][1:].split("."))
    assert cells == [6 * DIMS + 3, 7 * DIMS + 1]
    assert not np.array_equal(spikes_of(edited), spikes_of(LINK))
    assert same(page, decoded(spikes_of(edited)))
    assert same(page, decoded(spikes_of(LINK)), "canvas[aria-label='Picture of the spikes as drawn']")
    assert page.get_by_text(re.compile("^2 spikes edited by hand")).is_visible()
    difference = pixels_of(page, "canvas[aria-label='What edits and damage change']").astype(int)
    apart = decoded(spikes_of(edited))[0] - decoded(spikes_of(LINK))[0]
    gain = max(1.0, 2.0 ** np.floor(np.log2(1 / np.abs(apart).max())))
    share = np.clip(gain * apart, -1, 1)[:, :, None]
    tone = np.where(share > 0, (217, 122, 6), (115, 87, 217))
    assert np.abs(difference - (tone * np.abs(share) + 128 * (1 - np.abs(share)))).max() < 2
    page.get_by_role("button", name="Undo all edits").click()
    assert soon(page, lambda: state_of(page).view == ())
    assert same(page, decoded(spikes_of(LINK)))
    page.keyboard.press("Control+z")
    assert same(page, decoded(spikes_of(edited))), "undo"


def test_damage_follows_the_hand_and_is_one_step_of_undo(visit):
    page = visit
    turn(page, 1, 7)
    turned = state_of(page)
    slider = page.get_by_role("slider", name="Damage", exact=True)
    for name, kind, amount in (("Flip", "flip", 40), ("Jitter", "jitter", 320), ("Shuffle in time", "shuffle", 100)):
        page.get_by_role("group", name="Kind of damage").get_by_role("button", name=name, exact=True).click()
        before = page.evaluate("location.href")
        slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input', { bubbles: true })) }", amount)
        drawn = spikes_of(replace(turned, view=()))
        spikes = damaged(drawn, Damage(kind=kind, amount=amount), turned.seed)
        spikes[7, 1] ^= 1
        assert not np.array_equal(spikes, spikes_of(turned))
        assert same(page, decoded(spikes)), "under the hand, before it lets go"
        assert page.evaluate("location.href") == before
        slider.dispatch_event("change")
        assert soon(page, lambda: dict(state_of(page).view).get("damage") == f"{kind}{amount}")  # noqa: B023
    assert same(
        page, decoded(spikes_of(replace(turned, view=()))), "canvas[aria-label='Picture of the spikes as drawn']"
    )
    page.locator("summary", has_text="In Python").click()
    assert soon(page, lambda: 'Damage(kind="shuffle", amount=100)' in page.locator(".code-part .code").text_content())
    page.locator("summary", has_text="In Python").click()
    page.get_by_role("button", name="None", exact=True).click()
    assert soon(page, lambda: state_of(page).view == turned.view)
    page.keyboard.press("Control+z")
    assert soon(page, lambda: dict(state_of(page).view).get("damage") == "shuffle100"), "undo is one step"
    assert same(page, decoded(spikes))


def test_the_lines_of_python_make_the_picture(visit, tmp_path, monkeypatch):
    page = visit
    turn(page, 1, 7)
    turn(page, 3, 2)
    page.get_by_label("Steps shown").fill("6")
    page.locator("summary", has_text="In Python").click()
    lines = page.locator(".code-part .code")
    assert soon(page, lambda: "images[5]" in lines.text_content())
    monkeypatch.chdir(tmp_path)
    exec(lines.text_content(), {})
    with Image.open(tmp_path / "picture.png") as saved:
        picture = np.asarray(saved.convert("RGB"))[::10, ::10]
    assert soon(page, lambda: alike(pixels_of(page), picture))
    page.locator("summary", has_text="In Python").click()


def test_cells_are_turned_by_key_and_read_out(visit):
    page = visit
    page.locator(CELLS).focus()
    for key in ("PageUp", "Home", "ArrowDown", "ArrowDown", "End", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    assert soon(page, lambda: "flips" in dict(state_of(page).view))
    edited = state_of(page)
    assert dict(edited.view)["flips"] == f"s{np.base_repr(6 * DIMS + 2, 36).lower()}"
    said = page.locator(".cells-part .reading")
    word = "a spike, put in" if spikes_of(edited)[6, 2] else "silent, taken out"
    assert soon(page, lambda: said.text_content() == f"d2, step 7 of 8: {word} by hand")
    assert same(page, decoded(spikes_of(edited)))


def test_the_picture_after_some_steps_and_the_weight_they_hold(visit):
    page = visit
    page.get_by_label("Steps shown").fill("3")
    assert same(page, decoded(spikes_of(LINK), after=3))
    assert same(page, decoded(spikes_of(LINK)), "canvas[aria-label='Picture after all steps']")
    share = sum(0.8**k for k in range(5, 8)) / sum(0.8**k for k in range(8))
    chart = page.get_by_role("img", name=re.compile("^Weight of each step"))
    assert f"The first 3 of 8 steps hold {100 * share:.1f} percent" in chart.get_attribute("aria-label")
    assert soon(page, lambda: dict(state_of(page).view) == {"upto": "3"})
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator(".scrub-part[data-upto='8']").wait_for()
    assert same(page, decoded(spikes_of(LINK)))
    assert soon(page, lambda: state_of(page).view == ())


def test_every_spike_is_ranked_by_what_turning_it_changes(visit):
    page = visit
    page.get_by_role("button", name="Rank spikes by effect").click()
    first = page.locator(".ranked-list li").first
    first.wait_for()
    spikes = spikes_of(LINK)
    before = decoded(spikes)
    effects = {}
    for t in range(STEPS):
        for j in range(DIMS):
            other = spikes.copy()
            other[t, j] ^= 1
            effects[j, t] = float(np.sqrt(((decoded(other) - before) ** 2).mean()))
    neuron, step, effect = re.fullmatch(r"d(\d+), step (\d+): .*, ([0-9.e-]+)", first.text_content()).groups()
    assert effects[int(neuron), int(step) - 1] == pytest.approx(max(effects.values()), rel=1e-3)
    assert float(effect) == pytest.approx(max(effects.values()), rel=1e-2)
    assert page.locator(".ranked-list li").count() == 8
    first.get_by_role("button").click()
    page.get_by_text("The spikes have changed; rank them again.").wait_for()
    turned = f"s{np.base_repr((int(step) - 1) * DIMS + int(neuron), 36).lower()}"
    assert soon(page, lambda: dict(state_of(page).view).get("flips") == turned)


def test_ranking_stops_when_it_is_told_to_or_when_the_spikes_change(page):
    open_spikes(page, State("bare", LINK.source, to_grid([0.5] * 40), 7, "bernoulli", 64))
    rank = page.get_by_role("button", name="Rank spikes by effect")
    rank.click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("stopped", exact=True).wait_for()
    rank.click()
    page.get_by_role("button", name="New noise").click()
    page.get_by_text("Stopped: the spikes have changed.").wait_for()
    time_to_go_wrong(page, 500)
    assert not page.locator(".ranked-list li").count()


def test_the_same_counts_at_other_times(visit):
    page = visit
    spikes = spikes_of(LINK)
    late = np.stack([np.arange(STEPS) >= STEPS - n for n in spikes.sum(0)], axis=1).astype(np.uint8)
    page.locator(".timing figcaption").first.filter(has_text="differs").wait_for()
    assert same(page, decoded(late), "canvas.timing-late")
    assert same(page, decoded(late[::-1].copy()), "canvas.timing-early")
    assert not alike(pixels_of(page, "canvas.timing-shuffled"), pixels_of(page)), (
        "shuffled are not the spikes there were"
    )
    page.locator(".timing", has_text="late").get_by_role("button", name="Take").click()
    assert soon(page, lambda: np.array_equal(spikes_of(state_of(page)), late))
    assert same(page, decoded(late))


def chart_words(page, title: str) -> str:
    return page.get_by_role("img", name=re.compile(f"^{re.escape(title)}")).get_attribute("aria-label")


def test_counts_intervals_and_fano_factors_are_those_of_python(visit):
    page = visit
    drawn = np.stack([noise.sample(RATES, 7 + k, "bernoulli", STEPS) for k in range(400)]).astype(int)
    counts = drawn.sum(1)
    mean, variance = counts[:, 0].mean(), counts[:, 0].var(ddof=1)
    mean_said, variance_said = re.search(r"mean ([\d.]+), variance ([\d.]+)", chart_words(page, "Spikes in T")).groups()
    assert (float(mean_said), float(variance_said)) == pytest.approx((mean, variance), rel=5e-3)
    gaps = [np.diff(np.flatnonzero(train)) for train in drawn[:, :, 0]]
    there, expected = re.search(r": ([\d.]+) intervals per draw, ([\d.]+)", chart_words(page, "Steps from")).groups()
    assert float(there) == pytest.approx(np.mean([len(gap) for gap in gaps]), rel=5e-3)
    law = sum((STEPS - k) * 0.5 * 0.5 * 0.5 ** (k - 1) for k in range(1, STEPS))
    assert float(expected) == pytest.approx(law, rel=5e-3)
    shares = np.bincount(counts[:, 0], minlength=STEPS + 1) / len(counts)
    picture = page.get_by_role("img", name=re.compile("^Spikes in T"))
    box = picture.bounding_box()
    for k in (3, 4):
        picture.hover(position={"x": 40 + (k + 0.5) / (STEPS + 1) * (box["width"] - 48), "y": 80})
        said = picture.locator("g.reading text").text_content()
        assert said.startswith(f"spikes {k}: drawn = {shares[k]:.3g}; Binomial({STEPS}, r) = "), said
    page.mouse.move(1, 1)
    assert picture.locator("g.reading text").count() == 0
    picture.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    said = picture.locator("xpath=..").get_by_role("status").text_content()
    assert said.startswith(f"spikes 3: drawn = {shares[3]:.3g}; "), said
    assert re.search(r"5 neurons that fire\. \d of the 4 with rates below 1", chart_words(page, "Fano"))
    page.get_by_label("Neuron", exact=True).select_option(label="d3, rate 1")
    page.get_by_text("A neuron at rate 1 has no sampling noise").wait_for()
    assert "mean 8, variance 0" in chart_words(page, "Spikes in T")
    page.get_by_role("button", name="Even").click()
    page.get_by_text(re.compile("^Even spikes .systematic sampling. take one random offset")).wait_for()
    assert dict(state_of(page).view)["neuron"] == "3"


def test_a_layer_a_neuron_and_its_membrane(visit):
    page = visit
    page.get_by_label("Layer", exact=True).select_option("decoder.1")
    maps = page.locator("canvas.maps")
    columns, side = 4, 16  # 8 channels of 16 x 16
    wide, tall = columns * (side + 1) - 1, 2 * (side + 1) - 1
    assert soon(page, lambda: maps.evaluate("c => [c.width, c.height]") == [wide, tall])
    box = maps.bounding_box()
    channel, y, x = 6, 9, 4
    px, py = (channel % columns) * (side + 1) + x + 0.5, (channel // columns) * (side + 1) + y + 0.5
    maps.click(position={"x": px * box["width"] / wide, "y": py * box["height"] / tall})
    page.locator(f".layers-part[data-unit='decoder.1 {channel}.{y}.{x}']").wait_for()
    model = catalogue.named("aaa").model
    with torch.inference_mode():
        trace = model.trace_decode(torch.from_numpy(spikes_of(LINK).astype(np.float32))[:, None])
    layer = trace.layers["decoder.1"]
    fired = int(layer.spikes[:, 0, channel, y, x].sum())
    membrane = layer.membranes[:, 0, channel, y, x].numpy()
    words = chart_words(page, "Membrane of the chosen neuron")
    assert f"Channel {channel}, row {y}, column {x}: {fired} spikes in 8 steps" in words
    said = [float(v) for v in re.search(r"membrane from (\S+) to (\S+), threshold 0.2", words).groups()]
    assert said == pytest.approx([membrane.min(), membrane.max()], rel=5e-3, abs=1e-6)
    page.get_by_label("Channel", exact=True).fill("2")
    page.keyboard.press("Tab")
    page.locator(f".layers-part[data-unit='decoder.1 2.{y}.{x}']").wait_for()
    page.get_by_role("button", name="membrane", exact=True).click()
    assert "Membranes at step 8" in maps.get_attribute("aria-label")
    page.get_by_label("Layer", exact=True).select_option("encoder.0")
    page.get_by_text("The encoder is shown what the model paints, since the image itself is not at hand.").wait_for()


@pytest.mark.parametrize(
    "text", ["flips:s1b.p", "flips:s1..2", "flips:s1.ao", "upto:-4,neuron:99,layer:no,unit:a.b,draws:9"]
)
def test_edits_come_with_a_link_and_wrong_ones_are_said_or_left_out(page, text):
    open_page(page, f"{encode(LINK)}~{text}", "/spikes")
    wrong = text in ("flips:s1..2", "flips:s1.ao")
    said = page.get_by_role("alert").filter(has_text="edits: expected")
    page.locator(".statistics-part[data-drawn]").wait_for()
    assert said.count() == wrong
    assert same(page, decoded(spikes_of(replace(LINK, view=() if wrong else state_of(page).view))))
    turn(page, 0, 0)
    assert same(page, decoded(spikes_of(state_of(page))))


def test_without_simd_there_are_spikes_and_laws_and_it_says_what_is_missing(page):
    page.add_init_script("WebAssembly.validate = () => false")
    open_spikes(page, State("aaa", TestImage(0), LINK.rates, 7, "bernoulli", 8))
    assert page.get_by_text("need the model in the page, and this browser cannot run it").is_visible()
    assert same(page, decoded(spikes_of(LINK)))
    before = page.url
    page.mouse.click(*place(page, 0, 0))
    page.get_by_text("Turning spikes needs the model in the page").wait_for()
    assert page.url == before


def test_spikes_fit_a_phone(visit):
    page = visit
    page.set_viewport_size({"width": 390, "height": 844})
    until(page, "document.documentElement.scrollWidth <= 390")
    turn(page, 2, 5)
    assert same(page, decoded(spikes_of(state_of(page))))
    page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_few_steps_keep_charts_in_their_frames_and_words_true(page, steps):
    open_spikes(page, replace(LINK, steps=steps))
    figure = page.locator("figure.chart", has=page.get_by_role("heading", name="Fano factor"))
    band = figure.locator("path.band")
    picture = figure.locator("svg.chart-picture")
    inside, frame = band.bounding_box(), picture.bounding_box()
    assert frame["y"] + 17 <= inside["y"]
    assert inside["y"] + inside["height"] <= frame["y"] + frame["height"] - 33
    text = page.locator(".view-spikes .view").inner_text()
    assert not re.search(r"\b1 (coins|steps|spikes|neurons)\b", text)
    page.locator(".timing figcaption").first.wait_for()
    words = page.locator(".timing-part > p").last
    assert soon(page, lambda: "Root mean square" in words.inner_text())
    if steps == 1:  # there is but one time for a spike
        assert "nearest" not in words.inner_text()
        assert "all five are equal" in words.inner_text()


def test_nothing_moves_at_the_first_edit(visit):
    def places():
        parts = visit.locator(".scrub-part canvas.large, .scrub-part .chart, .scrub-part .player")
        return [part.bounding_box() for part in parts.all()]

    before = places()
    box = visit.locator(CELLS).bounding_box()
    visit.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 40)
    visit.get_by_text("1 spike edited by hand").wait_for()
    assert places() == before
    assert before[0]["width"] == pytest.approx(before[0]["height"], abs=0.5)
