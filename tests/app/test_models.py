"""Models in Chromium: the table, two models side by side, cards, and another model under the same hand."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch

from app import catalogue
from app.state import GRID, State, TestImage, from_grid, to_grid
from esvae_core import checkpoint
from esvae_core.data import load
from esvae_core.data.table import DATASETS
from esvae_core.engine import noise, plan_of, reference
from esvae_core.engine.prior import prior
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.front_end import FRONT_END
from esvae_core.pictures import in_colours, to_uint8

from .made import film_model
from .visits import LINK, alike, open_page, pixels_of, soon, state_of, time_to_go_wrong, until

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect

pytestmark = pytest.mark.browser


def open_view(page, state=LINK):
    open_page(page, state, "/models", ".models table")


def test_the_table_has_every_checkpoint_and_says_what_is_wrong(page):
    open_view(page)
    names = page.locator(".models tbody tr > th").all_text_contents()
    assert {"aaa", "bare", "cut", "text", "rival", "mnist", "digits"} <= {name.strip() for name in names}
    assert page.locator("tr.broken").count() == 2
    plain = page.locator(".models tbody tr", has_text="plain")
    assert {"network without spikes (VAE)", "0.1250"} <= set(plain.locator("td").all_text_contents())
    rival = page.locator(".models tbody tr", has_text="rival")
    assert "spiking network, spikes step by step" in rival.locator("td").all_text_contents()
    assert not rival.locator("[aria-current]").count()
    metrics = checkpoint.read_header(catalogue.SHIPPED / "fsvae-mnist.safetensors").metrics
    (error,) = [m.value for m in metrics if m.name == "mse"]
    assert f"{error:.4f}" in page.locator(".models tbody tr", has_text="fsvae-mnist").text_content()
    mnist = page.locator(".models tbody tr", has=page.get_by_role("button", name="mnist", exact=True)).first
    (known,) = [
        m.value for m in catalogue.named("mnist").header.metrics if m.name == "mse" and "bernoulli" in m.protocol
    ][:1]
    assert f"{known:.4f}" in mnist.text_content()
    assert "10,000 test images" in mnist.locator("[title*='bernoulli sampling']").first.get_attribute("title")


def test_the_page_calls_data_sets_as_the_library_does():
    text = (FRONT_END / "parts/shared/plain_names.js").read_text("utf-8")
    names = re.findall(r'^  "?([\w-]+)"?: msg`(.*)`,$', text.split("const KINDS")[0], re.MULTILINE)
    assert dict(names) == {name: spec.title for name, spec in DATASETS.items()}


def test_plain_words_stand_for_short_names_which_are_read_by_pointing(page):
    open_view(page)
    row = page.locator(".models tbody tr", has=page.get_by_role("button", name="pvae-fashion", exact=True))
    cells = row.locator("td").evaluate_all("cells => cells.map((cell) => [cell.textContent, cell.title])")
    assert cells[0] == ["Fashion-MNIST", "Trained on fashion_mnist, as files and commands name it"]
    assert cells[1] == ["Poisson spike counts", "pvae, as files and commands name it"]
    heads = page.locator(".models thead th").all_inner_texts()
    assert not [head for head in heads if "MSE" in head or "FAD" in head]
    page.locator(".model-button").click()
    card = page.locator(".model-card-button", has=page.get_by_text("pvae-fashion", exact=True))
    assert card.inner_text().split("\n")[-1].startswith("Fashion-MNIST \N{MIDDLE DOT} 32")


def test_it_is_sorted_by_any_column_and_what_is_missing_comes_last(page):
    open_view(page)
    page.get_by_role("button", name="Error, random spikes").click()
    rows = page.locator(".models tbody tr").all_text_contents()
    first = page.locator(".models tbody tr > th").all_text_contents()
    values = [catalogue.named(n).header.metrics for n in (first[0].strip(), first[1].strip())]
    found = [next(m.value for m in metrics if m.name == "mse" and "bernoulli" in m.protocol) for metrics in values]
    assert found == sorted(found)
    assert "text" in rows[-1] or "cut" in rows[-1]


def test_a_model_is_opened_by_its_name(page):
    open_view(page)
    page.locator(".models tbody").get_by_role("button", name="bare", exact=True).click()
    until(page, "location.search.includes('bare')")
    assert state_of(page).model == "bare"
    page.get_by_role("heading", name="bare").first.wait_for()


def test_two_models_on_the_same_sources_and_noise(page):
    open_view(page)
    page.get_by_label("The other model").select_option("mnist")
    page.get_by_text("nothing chosen").wait_for()  # all are drawn
    ours = page.get_by_role("img", name="aaa, samples: prior seed 3")

    for name, shape in (("aaa", 16), ("mnist", 32)):
        model = catalogue.named(name).model
        rates = from_grid(to_grid(prior(plan_of(model), 3).tolist()))[None]
        expected = decode_with_spikes(model, rates, seed=7, sampler="bernoulli", steps=8).pixels[0]
        assert expected.shape[0] == shape
        assert alike(pixels_of(page, f"canvas[aria-label='{name}, samples: prior seed 3']"), expected)
    assert ours.is_visible()


def test_the_model_beside_is_first_one_of_its_own_kind(page):
    open_view(page)
    page.locator(".models tbody").get_by_role("button", name="mnist", exact=True).click()
    page.get_by_text("mnist-plus, samples").wait_for()
    assert page.get_by_label("The other model").input_value() == "mnist-plus"


def test_an_fsvae_is_compared_like_any_other(page, shelf_dir):
    open_view(page)
    page.get_by_label("The other model").select_option("rival")
    name = "rival, samples: prior seed 3"
    plan = plan_of(checkpoint.load(shelf_dir / "rival.safetensors").model)
    rates = from_grid(to_grid(prior(plan, 3).tolist()))
    spikes = noise.sample(rates, LINK.seed, LINK.sampler, LINK.steps)
    wanted = to_uint8(torch.from_numpy(reference.decode(plan, spikes))[None])[0]
    assert soon(page, lambda: alike(pixels_of(page, f"canvas[aria-label='{name}']"), wanted))


def test_films_of_a_model_of_recordings_are_played_on_its_card(page, filmed):
    open_view(page)
    assert "filmed" not in page.get_by_label("The other model").locator("option").all_text_contents()
    button, card = unfold(page, "filmed")
    assert "holds a model of recordings of 4 frames" in button.locator("..").get_attribute("title")
    assert "16² events" in button.locator("../..").text_content()
    button.click()
    card.get_by_text("New recordings from the prior, seed 0").wait_for()
    assert "it takes and gives 4 frames" in card.text_content()
    frames = film_of(filmed, prior_rates_of(filmed, 0), 0)
    frame = "canvas[aria-label='Frame of recording 3']"
    assert np.array_equal(pixels_of(page, frame), frames[-1])
    slider = card.get_by_role("slider", name="Steps shown")
    assert slider.get_attribute("aria-valuetext") == "4 of 4 steps"
    slider.fill("2")
    assert np.array_equal(pixels_of(page, frame), frames[1])
    raster = card.locator("canvas[aria-label='Latent spikes of recording 3']")
    arrived, to_come = (raster.evaluate(OPACITY, which) for which in (0, 1))
    assert arrived == 255
    assert 0 < to_come < 128, "two steps before the first frame and two with frames have arrived, of six"
    card.get_by_role("button", name="Play", exact=True).click()
    assert soon(page, lambda: slider.input_value() == "4")
    assert np.array_equal(pixels_of(page, frame), frames[-1])

    link = page.evaluate("location.href")
    bars = card.get_by_role("group", name="Firing rates, spikes per time step")
    card.get_by_role("heading", name="Firing rates of recording 1").wait_for()
    card.get_by_role("button", name="Frame of recording 3").click()
    card.get_by_role("heading", name="Firing rates of recording 3").wait_for()
    rates, wanted = prior_rates_of(filmed, 0), frames[-1]
    for bar, key, rate in ((1, "End", GRID), (4, "Home", 0)):
        bars.get_by_role("slider", name=f"d{bar}", exact=True).press(key)
        rates = (*rates[:bar], rate, *rates[bar + 1 :])
        before, wanted = wanted, film_of(filmed, rates, 0)[-1]
        assert not np.array_equal(wanted, before)
        assert soon(page, lambda wanted=wanted: np.array_equal(pixels_of(page, frame), wanted))
    bars.get_by_role("slider", name="d4", exact=True).press("Control+z")
    assert soon(page, lambda: np.array_equal(pixels_of(page, frame), before))
    card.get_by_role("button", name="Redo, recording").click()
    assert soon(page, lambda: np.array_equal(pixels_of(page, frame), wanted))
    assert page.evaluate("location.href") == link, "the model at work is another one's"
    assert page.get_by_role("button", name="Undo", exact=True).is_disabled(), "and so is what it was"

    card.get_by_role("button", name="Others").click()
    card.get_by_text("seed 1").wait_for()
    assert np.array_equal(pixels_of(page, frame), film_of(filmed, prior_rates_of(filmed, 1), 1)[-1])
    card.get_by_role("heading", name="Firing rates of recording 1").wait_for()


OPACITY = """(canvas, which) => {
  const edge = Math.round((canvas.width * 4) / 6);
  const [from, wide] = which ? [edge + 1, canvas.width - edge - 1] : [0, edge - 1];
  const { data } = canvas.getContext("2d").getImageData(from, 0, wide, canvas.height);
  return data.reduce((most, value, i) => (i % 4 === 3 ? Math.max(most, value) : most), 0);
}"""
"""Of a raster of six steps: what is most opaque among the first four, or the last two."""


def prior_rates_of(model, seed: int) -> tuple[int, ...]:
    """Rates of the third of six recordings."""
    return to_grid(model.prior_rates(6, generator=torch.Generator().manual_seed(seed)).detach().numpy()[2])


def film_of(model, rates: tuple[int, ...], seed: int) -> np.ndarray:
    """Frames (T, H, W, 3) of a recording."""
    return to_uint8(in_colours(model.decode_many(torch.from_numpy(from_grid(rates)), (seed,)).images[0]))


def test_the_card_measures_the_layers_of_the_present_picture(page):
    open_view(page)
    spikes = decode_with_spikes(
        catalogue.named("aaa").model, from_grid(LINK.rates)[None], seed=7, sampler="bernoulli", steps=8
    ).spikes
    shown = page.locator(".layers-list li > :last-child")
    expect(shown).to_have_count(4)
    expect(shown.first).to_have_text(f"{100 * spikes.mean():.1f} %")


def unfold(page, name: str):
    """The button of a model that cannot be opened, and its card."""
    button = page.locator(".models").get_by_role("button", name=name, exact=True)
    return button, page.locator(f".models tr[id='{button.get_attribute('aria-controls')}']")


def test_test_recordings_are_shown_above_what_the_model_makes_of_them(page):
    open_view(page)
    button, card = unfold(page, "moving-digits")
    button.click()
    card.get_by_text("New recordings from the prior, seed 0").wait_for()
    original, frame = (f"canvas[aria-label='{what} of recording 2']" for what in ("Original", "Frame"))
    assert card.locator(original).is_hidden()
    card.get_by_label("Which recordings").select_option("test")
    card.get_by_text("Test recordings: the original").wait_for()
    model = checkpoint.load(catalogue.SHIPPED / "moving-digits.safetensors").model
    data = load("moving_digits", "test", image_size=32, channels=2, frames=9)
    images = data.tensor([1])
    card.get_by_role("slider", name="Steps shown").fill("4")
    assert np.array_equal(pixels_of(page, original), to_uint8(in_colours(images[0]))[3])
    with torch.no_grad():
        rates = to_grid(model.encode(images).rates[0].numpy())
    assert np.array_equal(pixels_of(page, frame), film_of(model, rates, 0)[3])
    card.get_by_label("Which recordings").select_option("prior")
    card.get_by_text("New recordings from the prior, seed 0").wait_for()
    assert card.locator(original).is_hidden()


def test_a_model_that_is_not_played_has_a_card_of_what_its_file_says(page, filmed, shelf_dir):
    open_view(page)
    link, steps = page.evaluate("location.href"), page.get_by_role("button", name="Undo", exact=True).is_disabled()
    button, card = unfold(page, "filmed")
    assert button.get_attribute("aria-expanded") == "false"
    assert not card.is_visible()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    header = checkpoint.read_header(shelf_dir / "filmed.safetensors")
    head = card.locator(".head").text_content()
    assert header.created[:10] in head
    assert f"{header.training.epochs} epochs, {header.training.seconds / 60:.0f} min on cuda" in head
    shown = [row.locator("th, td").all_text_contents() for row in card.locator(".table-place tr").all()]
    assert [(float(value), protocol) for _, value, protocol in shown] == [
        (pytest.approx(m.value, rel=1e-3), m.protocol) for m in header.metrics
    ]
    titles = {"mse": "squared error of reconstructions", "fad": "FAD of new pictures, evaluation mode"}
    for (name, *_), metric in zip(shown, header.metrics, strict=True):
        assert name == titles.get(metric.name, name)
        assert name != metric.name, "in words"
    settings = json.loads(card.locator("pre").text_content())
    assert settings["training"] == header.train.model_dump(mode="json")
    curve = header.training.curve
    chart = card.get_by_role("img", name="Training. Validation error of filmed").get_attribute("aria-label")
    first, last = (curve[k]["validation_mse"] for k in (0, -1))
    assert f"from {first:.3f} to {last:.3f} over {len(curve)} epochs" in chart
    assert card.locator(".chart-picture .line").count() == 2
    layers = card.locator(".layers-list li").all_text_contents()
    assert (layers[0], layers[-1][:7], len(layers)) == (f"latent, {header.model.latent_dim}", "readout", 5)
    time_to_go_wrong(page, 500)
    assert page.evaluate("location.href") == link, "nothing was opened"
    assert page.get_by_role("button", name="Undo", exact=True).is_disabled() == steps
    assert state_of(page).model == "aaa"
    button.click()
    assert not card.is_visible()


@pytest.fixture
def unmeasured(shelf_dir):
    """Name of a model of recordings whose file says nothing of a training."""
    model, path = film_model(), shelf_dir / "unmeasured.safetensors"
    checkpoint.save(path, model.state_dict(), checkpoint.Header(name="unmeasured", model=model.config))
    yield "unmeasured"
    path.unlink()


def test_a_card_is_unfolded_by_keys_and_stays_below_its_row_when_the_table_is_sorted(page, unmeasured):
    open_view(page)
    button, card = unfold(page, unmeasured)
    button.focus()
    for key, seen in (("Enter", True), ("Enter", False), ("Space", True)):
        page.keyboard.press(key)
        assert card.is_visible() == seen
        assert button.get_attribute("aria-expanded") == str(seen).lower()
        assert button.evaluate("b => b.getRootNode().activeElement === b"), "one goes on from where one was"
    assert "Nothing measured yet" in card.text_content()
    assert not card.locator(".chart").count(), "its file says nothing of a training"
    for _ in range(2):
        page.locator(".models thead button").first.click()
        assert card.is_visible()
        assert card.evaluate("row => row.previousElementSibling.firstElementChild.textContent") == unmeasured


def test_a_card_is_as_wide_as_the_screen_and_still_when_the_table_is_scrolled(page, filmed):
    page.set_viewport_size({"width": 390, "height": 844})
    open_view(page)
    button, row = unfold(page, "filmed")
    button.click()
    row.get_by_text("New recordings from the prior, seed 0").wait_for()
    card = row.locator(".model-card")
    before = card.bounding_box()
    assert 0 <= before["x"] < before["x"] + before["width"] <= 390
    page.locator(".models").get_by_label("Models, scrollable").evaluate("place => (place.scrollLeft = 300)")
    assert card.bounding_box() == before


def test_charts_below_the_view_are_of_the_model_at_work(page):
    atlas = catalogue.named("mnist").atlas
    rates = to_grid(atlas.counts[0] / atlas.time_steps)
    open_view(page, State("mnist", TestImage(int(atlas.indices[0])), rates, 7, "bernoulli", 16))
    metrics = catalogue.named("mnist").header.metrics
    error = next(m.value for m in metrics if m.name == "mse" and "bernoulli" in m.protocol)
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert page.locator(".js-plotly-plot").count() == 2
    page.get_by_text("Validation error of mnist from").wait_for()
    assert f"mnist: error {error:.4f}" in page.get_by_text("lower left is better").text_content()
    for title, words in (("Training", "Squared error of validation"), ("Error and samples", "A point is a model")):
        page.get_by_test_id("stMarkdown").filter(has_text=title).get_by_test_id("stTooltipIcon").hover()
        page.get_by_text(words).wait_for()
    page.locator(".models tbody").get_by_role("button", name="digits", exact=True).click()
    page.get_by_text("Validation error of digits from").wait_for()
    until(page, "document.querySelectorAll('.js-plotly-plot').length === 1")
    assert page.locator(".js-plotly-plot").get_by_text("digits", exact=True).count() == 1


def test_no_gesture_makes_the_script_run_but_another_model_on_this_page(page):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_page(page)
    fader = page.get_by_role("slider").first
    until(page, "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'")
    opened = len(sent)
    for key in ("ArrowUp", "ArrowUp", "End"):
        fader.press(key)
        time_to_go_wrong(page, 400)
    assert len(sent) == opened
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("button", name="digits", exact=True).click()
    page.locator(".js-plotly-plot").first.wait_for()
    assert len(sent) >= opened + 2


def test_all_of_a_header_sorts(page):
    open_view(page)
    head = page.get_by_role("columnheader", name="Pixels")
    box = head.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3)
    assert head.get_attribute("aria-sort") == "ascending"


def test_a_figure_that_no_sampler_changes_is_on_the_card_once(page):
    known = catalogue.named("mnist")
    rates = to_grid(known.atlas.counts[0] / known.atlas.time_steps)
    open_view(page, State("mnist", TestImage(int(known.atlas.indices[0])), rates, 7, "bernoulli", 16))
    names = page.locator(".model-card:visible").first.locator("tbody th").all_text_contents()
    unsampled = [f"MMD of prior and encoder, {kind}" for kind in ("biased", "unbiased")]
    sampled = [f"squared error of reconstructions, {kind} spikes" for kind in ("random", "even")]
    assert [names.count(name) for name in unsampled + sampled] == [1] * 4
    raw = {metric.name for metric in known.header.metrics}
    assert not raw & set(names), "names of the file's fields"
