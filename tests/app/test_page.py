"""The one-file page, opened from disk in Chromium with the network off: draw, drag, spikes, and what it exports."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from app.state import GRID
from esvae_core import checkpoint
from esvae_core.engine import noise, plan_of
from esvae_core.engine.reference import decode
from esvae_core.esvae import ESVAE
from esvae_core.explore import atlas
from esvae_core.explore.decode_rates import render
from esvae_core.explore.fixed_point import to_rates
from esvae_core.explore.page import page as whole
from esvae_core.explore.recipe import Layout, recipe_of
from esvae_core.explore.recipe_files import write
from esvae_core.explore.replay import replay
from esvae_core.pictures import to_uint8

from .test_export import drop, menu, saved
from .test_spikes import CELLS
from .visits import LARGE, alike, frames, pixels_of, soon

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser, shelf_dir, tmp_path):
    """The page, and everything that it asked for or complained of."""
    path = shelf_dir / "aaa.safetensors"
    loaded = checkpoint.load(path, ESVAE)
    file = tmp_path / "explorer.html"
    file.write_text(whole(loaded, "aaa", path="aaa.safetensors", atlas=atlas.load(atlas.beside(path))))
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(20_000)
    context.set_offline(True)
    page = context.new_page()
    told = []
    page.on("request", lambda request: told.append(request.url))
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(file.as_uri())
    page.locator(f".view {LARGE}").wait_for()
    frames(page)
    yield page
    context.close()
    foreign = [text for text in told if not text.startswith(("data:", "blob:", file.as_uri()))]
    assert not foreign


def replayed(page, shelf_dir, tmp_path):
    """What is on the screen, exported and made again by the library."""
    menu(page)
    path = saved(page, "PNG", tmp_path)
    page.keyboard.press("Escape")
    done = replay(path, [shelf_dir])
    assert done.identical
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image.convert("RGB"))[::10, ::10], pixels_of(page))
    return done.recipe


def test_drag(opened, shelf_dir, tmp_path):
    first = pixels_of(opened)
    box = opened.get_by_role("slider", name="d2", exact=True).bounding_box()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2, steps=6)
    frames(opened)
    assert not np.array_equal(pixels_of(opened), first), "the picture follows while the hand is down"
    opened.mouse.up()
    recipe = replayed(opened, shelf_dir, tmp_path)
    assert recipe.fixed_point_rates[0, 2] > 0.9 * GRID
    opened.locator("[data-statistics=there]").wait_for()  # many draws, without workers
    opened.keyboard.press("Control+z")
    frames(opened)
    assert np.array_equal(pixels_of(opened), first)


def test_draw(opened, shelf_dir, tmp_path):
    first = pixels_of(opened)
    opened.get_by_role("tab", name="Draw").click()
    box = opened.locator("canvas.pad").bounding_box()
    opened.mouse.move(box["x"] + 60, box["y"] + 60)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 150, box["y"] + 160, steps=10)
    assert soon(opened, lambda: not np.array_equal(pixels_of(opened), first)), "the picture follows the pen"
    opened.mouse.up()
    replayed(opened, shelf_dir, tmp_path)


def test_spikes(opened, shelf_dir, tmp_path):
    recipe = replayed(opened, shelf_dir, tmp_path)
    opened.get_by_role("tab", name="Spikes").click()
    cells = opened.locator(CELLS)
    cells.focus()
    spikes = noise.sample(to_rates(recipe.fixed_point_rates)[0], recipe.seeds[0], recipe.sampler, recipe.steps)
    plan = plan_of(checkpoint.load(shelf_dir / "aaa.safetensors", ESVAE).model)
    assert soon(opened, lambda: alike(pixels_of(opened), to_uint8(torch.from_numpy(decode(plan, spikes))[None])[0]))
    for key in ("PageUp", "Home", "ArrowDown", "ArrowDown", "End", "ArrowLeft", "Space"):
        opened.keyboard.press(key)
    spikes[6, 2] ^= 1
    assert soon(opened, lambda: alike(pixels_of(opened), to_uint8(torch.from_numpy(decode(plan, spikes))[None])[0]))
    turned = replayed(opened, shelf_dir, tmp_path)
    assert turned.flips == ((0, 6, 2),)
    opened.keyboard.press("Escape")
    opened.get_by_role("tab", name="Explore").click()
    replayed(opened, shelf_dir, tmp_path)


def test_a_recipe_is_opened(opened, shelf_dir, tmp_path):
    model = checkpoint.load(shelf_dir / "aaa.safetensors", ESVAE).model
    units = np.full((1, 6), GRID // 3, np.uint16)
    recipe = recipe_of(
        model, "aaa", units, (5,), kind="picture", sampler="systematic", steps=9, layout=Layout(scale=10)
    )
    write(tmp_path / "it.png", recipe, render(recipe, model))
    drop(opened, "it.png", (tmp_path / "it.png").read_bytes())
    opened.get_by_text("9 time steps, even spikes").wait_for()
    again = replayed(opened, shelf_dir, tmp_path)
    assert (again.rates, again.seeds, again.steps) == (recipe.rates, recipe.seeds, 9)
