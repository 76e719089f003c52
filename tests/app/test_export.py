"""What is taken along from the page in Chromium, replayed by the library; and files that are dropped on it."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app import catalogue
from app.state import GRID, UserImage
from esvae_core.explore import recipe_files
from esvae_core.explore.decode_rates import render
from esvae_core.explore.recipe import Layout, recipe_of
from esvae_core.explore.replay import replay

from .visits import LARGE, LINK, open_page, pixels_of, same_as_python, settled, soon, state_of, until

pytestmark = pytest.mark.browser
UNITS = np.random.default_rng(3).integers(0, GRID + 1, (4, 6)).astype(np.uint16)
HOW = {"sampler": "systematic", "steps": 12}
HOW_LINK = {"sampler": LINK.sampler, "steps": LINK.steps}


FLIPS = ((0, 6, 1), (0, 7, 3), (0, 7, 5))
TURNED = replace(LINK, view=(("flips", "s11.19.1b"),))


@pytest.fixture
def model(shelf_dir):
    return catalogue.named("aaa").model


def menu(page):
    page.get_by_role("button", name="Export", exact=True).click()
    return page.locator(".export-sheet")


def saved(page, label, tmp_path):
    with page.expect_download() as waiting:
        page.locator(".export-sheet").get_by_role("button", name=label, exact=True).click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def drop(page, name, content):
    """Drop a file on the page, away from any field for files."""
    page.evaluate(
        """([name, data]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
          const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
          for (const kind of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(kind, how));
        }""",
        [name, base64.b64encode(content).decode()],
    )


def test_the_picture_is_saved_and_made_again(page, shelf_dir, tmp_path):
    open_page(page)
    shown = pixels_of(page)
    menu(page).get_by_label("Scale").select_option("4")
    for label in ("PNG", "SVG", ".npz"):
        path = saved(page, label, tmp_path)
        assert path.name.startswith("aaa-picture.")
        done = replay(path, [shelf_dir])
        assert done.identical, label
        assert done.recipe.fixed_point_rates.tolist() == [list(LINK.rates)]
        assert done.recipe.versions["esvae"]
    with Image.open(tmp_path / "aaa-picture.png") as image:
        assert image.size == (64, 64)
        assert np.array_equal(np.asarray(image.convert("RGB"))[::4, ::4], shown)


def test_the_table_the_lines_and_the_link(page, context, tmp_path, monkeypatch, model):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page)
    shown = pixels_of(page)
    sheet = menu(page)
    rows = list(csv.DictReader(io.StringIO(saved(page, ".csv", tmp_path).read_text())))
    assert [round(float(row["current_rate"]) * GRID) for row in rows] == list(LINK.rates)
    sheet.get_by_role("button", name="as Python").click()
    page.get_by_text("The lines are copied.").wait_for()
    lines = page.evaluate("navigator.clipboard.readText()")
    assert sheet.locator("pre").text_content() == lines
    monkeypatch.chdir(tmp_path)
    exec(lines, {})
    with Image.open("picture.png") as image:
        assert np.array_equal(np.asarray(image.convert("RGB"))[::10, ::10], shown)
    sheet.get_by_role("button", name="Recipe").click()
    page.get_by_text("The recipe is copied.").wait_for()
    recipe = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (recipe["seeds"], recipe["steps"], recipe["checkpoint"]["name"]) == ([7], 8, "aaa")
    sheet.get_by_role("button", name="Link").click()
    page.get_by_text("The link is copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.evaluate("location.href")


GRID_OF_FOUR = """async () => {
  const [mount] = performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.endsWith('/mount.js'));
  const { exportMenu } = await import(mount.replace('mount.js', 'parts/shared/export_menu.js'));
  const { Session } = await import(mount.replace('mount.js', 'session.js'));
  const { serverBackend } = await import(mount.replace('mount.js', 'backend.js'));
  const session = await Session.open(serverBackend(location.origin + '/esvae'));
  const cells = UNITS.map((rates) => Uint16Array.from(rates));
  const offer = { kind: 'grid', name: 'four', cells, seeds: [1, 2, 3, 4], columns: 2, captions: ['a', 'b', 'c', 'd'] };
  const place = document.body.appendChild(document.createElement('div'));
  place.append(exportMenu(session, () => offer, 'Export four'));
}"""


def test_a_grid_and_its_films(page, shelf_dir, tmp_path):
    open_page(page)
    page.evaluate(GRID_OF_FOUR.replace("UNITS", json.dumps(UNITS.tolist())))
    page.get_by_role("button", name="Export four").evaluate("button => button.click()")
    for label in ("PNG", "SVG", "GIF", "WEBP", "MP4", ".npz"):
        with page.expect_download() as waiting:
            button = page.locator(".export-sheet").get_by_role("button", name=label, exact=True)
            button.evaluate("button => button.click()")
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        done = replay(path, [shelf_dir])
        assert done.identical, label
        assert done.recipe.kind == ("film" if label in ("GIF", "WEBP", "MP4") else "grid")
        assert done.recipe.seeds == (1, 2, 3, 4)
    with Image.open(tmp_path / "aaa-four.png") as image:
        assert image.size == (4 * (2 * 18 - 2), 4 * (2 * 25 - 2))


def test_turned_spikes_are_taken_along_and_made_again(page, context, shelf_dir, tmp_path, monkeypatch):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, TURNED, "/spikes")
    page.get_by_text("3 spikes edited by hand").wait_for()
    shown, plain = pixels_of(page), pixels_of(page, "canvas[aria-label='Picture of the spikes as drawn']")
    assert not np.array_equal(shown, plain)
    sheet = menu(page)
    assert sheet.get_by_text("With 3 spikes edited by hand.").is_visible()
    sheet.get_by_label("Scale").select_option("1")
    for label in ("PNG", "SVG", ".npz"):
        done = replay(saved(page, label, tmp_path), [shelf_dir])
        assert done.identical, label
        assert done.recipe.flips == FLIPS
    with np.load(tmp_path / "aaa-picture.npz") as table:  # `replay` has compared it with what Python draws
        assert table["spikes"].shape == (1, 8, 6)
        assert table["spikes"].sum() > 0
    with Image.open(tmp_path / "aaa-picture.png") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), shown)
    sheet.get_by_role("button", name="as Python").click()
    page.get_by_text("The lines are copied.").wait_for()
    lines = sheet.locator("pre").text_content()
    assert "flips = [(0, 6, 1), (0, 7, 3), (0, 7, 5)]" in lines
    monkeypatch.chdir(tmp_path)
    exec(lines, {})
    with Image.open("picture.png") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), shown)


def test_a_picture_before_all_steps_is_taken_along_as_it_is_seen(page, shelf_dir, tmp_path):
    open_page(page, replace(TURNED, view=(*TURNED.view, ("upto", "5"))), "/spikes")
    page.get_by_text("after 5 of 8 steps").wait_for()
    shown, whole = pixels_of(page), pixels_of(page, "canvas[aria-label='Picture after all steps']")
    assert not np.array_equal(shown, whole)
    sheet = menu(page)
    assert sheet.get_by_text("After 5 of 8 steps.").is_visible()
    sheet.get_by_label("Scale").select_option("1")
    done = replay(saved(page, "PNG", tmp_path), [shelf_dir])
    assert (done.identical, done.recipe.upto, done.recipe.flips) == (True, (5,), FLIPS)
    with Image.open(tmp_path / "aaa-picture.png") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), shown)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export the steps").click()
    for label, kind in (("GIF", "film"), ("PNG", "strip")):
        done = replay(saved(page, label, tmp_path), [shelf_dir])
        assert (done.identical, done.recipe.kind, done.recipe.upto) == (True, kind, tuple(range(1, 9))), label
    page.keyboard.press("Escape")
    open_page(page, LINK, "/spikes")
    drop(page, "it.png", (tmp_path / "aaa-picture.png").read_bytes())
    page.get_by_text("after 5 of 8 steps").wait_for()
    assert np.array_equal(pixels_of(page), shown)


def test_a_dropped_picture_with_turned_spikes_opens_with_them(page, model, tmp_path):
    open_page(page)
    plain = pixels_of(page)
    flips = [*FLIPS, (1, 0, 0)]
    recipe = recipe_of(model, "aaa", np.array([LINK.rates] * 2, np.uint16), (7,), kind="grid", flips=flips, **HOW_LINK)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    drop(page, "it.png", (tmp_path / "it.png").read_bytes())
    page.get_by_text("3 edited by hand").wait_for()
    assert state_of(page).view == TURNED.view
    assert same_as_python(page)
    assert not np.array_equal(pixels_of(page), plain)
    page.get_by_label("Picture of it.png").select_option(label="2")
    page.get_by_text("1 edited by hand").wait_for()
    assert dict(state_of(page).view)["flips"] == "s0"
    before = page.evaluate("location.href")
    page.get_by_role("button", name="Undo all edits").click()
    settled(page, before)
    assert state_of(page).view == ()
    assert np.array_equal(pixels_of(page), plain)


def test_a_grid_of_samples_is_taken_along(page, shelf_dir, tmp_path):
    open_page(page, LINK, "/generate", "[data-there]")
    page.get_by_role("button", name="Export the grid").click()
    done = replay(saved(page, "PNG", tmp_path), [shelf_dir])
    assert done.identical
    recipe = done.recipe
    assert (recipe.kind, len(recipe.fixed_point_rates), recipe.layout.columns, recipe.seeds) == ("grid", 50, 10, (7,))
    assert recipe.layout.captions == tuple(map(str, range(50)))


PLAYED = """async ([data, count, seconds]) => {
  const video = document.createElement('video');
  const told = (name) => new Promise((done, failed) => {
    video.addEventListener(name, done, { once: true });
    video.onerror = () => failed(video.error);
  });
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const ready = told('loadeddata');
  video.src = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }));
  await ready;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const brush = canvas.getContext('2d');
  const frames = [];
  for (let k = 0; k < count; k++) {
    const there = told('seeked');
    video.currentTime = (k + 0.5) * seconds;
    await there;
    let pixels = [];
    for (let tries = 0; tries < 1500 && !pixels[3]; tries++) {  // on a busy machine it comes long after the event
      if (tries) await new Promise((done) => setTimeout(done, 20));
      brush.clearRect(0, 0, canvas.width, canvas.height);
      brush.drawImage(video, 0, 0);
      pixels = Array.from(brush.getImageData(0, 0, canvas.width, canvas.height).data);
    }
    frames.push(pixels);
  }
  return { seconds: video.duration, width: canvas.width, frames };
}"""


def test_a_path_is_played_as_mp4(page, model, shelf_dir, tmp_path):
    open_page(page, LINK, "/interpolate", "ol.strip[data-there]")
    page.get_by_role("button", name="Export the path").click()
    path = saved(page, "MP4", tmp_path)
    done = replay(path, [shelf_dir])
    assert (done.lossy, done.identical) == (True, True)
    seconds = done.recipe.layout.frame_ms / 1000
    film = page.evaluate(PLAYED, [base64.b64encode(path.read_bytes()).decode(), 16, seconds])
    assert film["seconds"] == pytest.approx(16 * seconds)
    wanted = recipe_files.shown(recipe_files.laid_out(done.recipe, render(done.recipe, model)), "mp4")
    assert film["width"] == wanted[0].shape[1]
    for seen, frame in zip(film["frames"], wanted, strict=True):
        off = np.abs(np.array(seen).reshape(frame.shape) - frame)
        assert off.mean() < 2, off.mean()
    drop(page, path.name, path.read_bytes())
    page.get_by_text(f"{path.name}: picture").wait_for()


def test_a_path_is_taken_along_as_a_film(page, shelf_dir, tmp_path):
    open_page(page, LINK, "/interpolate", "ol.strip[data-there]")
    page.get_by_role("button", name="Export the path").click()
    for label, kind in (("WEBP", "film"), ("GIF", "film"), ("PNG", "strip")):
        done = replay(saved(page, label, tmp_path), [shelf_dir])
        assert done.identical, label
        assert (done.recipe.kind, len(done.recipe.fixed_point_rates)) == (kind, 16)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="drifting").click()
    page.get_by_role("button", name="Export the path").click()
    page.get_by_text("choose the same noise").wait_for()


def test_a_dropped_picture_of_one_opens(page, model, tmp_path):
    open_page(page)
    recipe = recipe_of(model, "elsewhere", UNITS[:1], (99,), kind="picture", layout=Layout(scale=3), **HOW)
    for suffix in recipe_files.SUFFIXES:
        path = tmp_path / f"it{suffix}"
        recipe_files.write(path, recipe, render(recipe, model))
        drop(page, path.name, path.read_bytes())
        until(page, "location.href.includes('~s12~99~')")
        state = state_of(page)
        assert (state.rates, state.seed, state.steps) == (tuple(UNITS[0].tolist()), 99, 12)
        assert isinstance(state.source, UserImage)
        assert same_as_python(page)
        page.keyboard.press("Control+z")
        assert state_of(page) == LINK


def test_a_dropped_grid_offers_its_pictures(page, model, tmp_path):
    open_page(page)
    layout = Layout(columns=2, captions=("a", "b", "c", "d"))
    recipe = recipe_of(model, "aaa", UNITS, (1, 2, 3, 4), kind="grid", layout=layout, **HOW)
    recipe_files.write(tmp_path / "grid.png", recipe, render(recipe, model))
    drop(page, "grid.png", (tmp_path / "grid.png").read_bytes())
    choice = page.get_by_label("Picture of grid.png")
    choice.wait_for()
    assert state_of(page).seed == 1
    choice.select_option(label="3: c")
    assert (state_of(page).rates, state_of(page).seed) == (tuple(UNITS[2].tolist()), 3)
    assert same_as_python(page)


def test_a_recipe_of_another_model_here_opens_that_model(page, tmp_path):
    open_page(page)
    other = catalogue.named("bare").model
    units = np.full((1, 40), GRID // 2, np.uint16)
    recipe = recipe_of(other, "aaa", units, (5,), kind="picture", **HOW)  # known by its content, not by its name
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, other))
    drop(page, "it.png", (tmp_path / "it.png").read_bytes())
    until(page, "location.href.includes('~bare~')")
    page.get_by_role("slider", name="d39", exact=True).wait_for()
    assert soon(page, lambda: state_of(page).rates == (GRID // 2,) * 40)
    assert same_as_python(page)


def test_a_recipe_of_before_its_prior_was_fitted_opens_the_model(page, tmp_path):
    open_page(page)
    earlier = catalogue.named("digits-plus").model.with_prior(None)
    units = np.full((1, earlier.config.latent_dim), GRID // 4, np.uint16)
    recipe = recipe_of(earlier, "elsewhere", units, (5,), kind="picture", **HOW)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, earlier))
    drop(page, "it.png", (tmp_path / "it.png").read_bytes())
    until(page, "location.href.includes('~digits-plus~')")
    assert soon(page, lambda: set(state_of(page).rates) == {GRID // 4})
    assert same_as_python(page)


def carrying(text):
    about, file = PngImagePlugin.PngInfo(), io.BytesIO()
    about.add_itxt("esvae", text)
    Image.new("L", (4, 4)).save(file, "PNG", pnginfo=about)
    return file.getvalue()


def test_hostile_files_are_explained_and_the_page_lives_on(page, model):
    open_page(page)
    first = pixels_of(page)
    good = json.loads(recipe_of(model, "aaa", UNITS, (1,), kind="grid", **HOW).text)
    elsewhere = {"checkpoint": {"name": "x", "sha256": "0" * 64}}
    cases = {
        "json.png": (carrying("{"), "expected JSON"),
        "long.png": (carrying("x" * (4 * 2**20 + 1)), "at most"),
        "steps.png": (carrying(json.dumps(good | {"steps": 65})), "up to 64"),
        "seed.png": (carrying(json.dumps(good | {"seeds": [2**31]})), "seed"),
        "dims.png": (carrying(json.dumps(good | {"dims": 12})), "dims: expected 6, found 12"),
        "other.png": (
            carrying(json.dumps(good | elsewhere)),
            "another network, x",
        ),
        "later.png": (carrying(json.dumps(good | {"version": 4})), "version 4"),
        "flips.png": (carrying(json.dumps(good | {"version": 2, "flips": [[0, 0, 6]]})), "found [0, 0, 6]"),
        "many.png": (carrying(json.dumps(good | {"version": 2, "flips": [[0, 0, 0]] * 70_000})), "flips"),
        "text.txt": (b"hello", "expected a picture"),
        "empty.png": (b"", "empty"),
    }
    for name, (content, words) in cases.items():
        drop(page, name, content)
        said = page.get_by_role("alert").filter(has_text=f"{name}: ")
        said.wait_for()
        assert words in said.text_content(), name
        assert np.array_equal(pixels_of(page), first), name
    assert page.locator(LARGE).is_visible()


def test_a_picture_without_a_recipe_is_encoded(page):
    open_page(page)
    file = io.BytesIO()
    Image.radial_gradient("L").save(file, "PNG")
    drop(page, "photo.png", file.getvalue())
    until(page, "location.href.includes('~o')")
    assert isinstance(state_of(page).source, UserImage)
    assert same_as_python(page)
