"""A server whose process cannot import PyTorch: the first screen, every view, exports and maps of ESVAE models work."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from app import catalogue
from esvae_core.explore.replay import replay
from esvae_core.explore.views import SERVED

from .conftest import start_server
from .test_export import menu, saved
from .visits import open_page, pixels_of, same_as_python, until

pytestmark = pytest.mark.browser

_BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'torch':
            raise ImportError('PyTorch is blocked here')

sys.meta_path.insert(0, Blocked())
"""


@pytest.fixture(scope="module")
def blocked(shelf_dir, tmp_path_factory):
    """Address of a server whose processes run these lines before anything else."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(_BLOCKED)
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    env = {"PYTHONPATH": path, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with start_server(shelf_dir, env=env) as (address, port):
        yield address
        log = (shelf_dir / f"server-{port}.log").read_text()
        assert "Traceback" not in log, log


def test_everything_but_pictures_that_the_server_draws(blocked, browser, shelf_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=blocked, accept_downloads=True)
    context.set_default_timeout(60_000)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    page.goto("/")  # a model that ships, with its atlas and controls
    page.locator("canvas.large").first.wait_for()
    until(page, "location.search.includes('~mnist-poisson~')")
    assert same_as_python(page)
    for view in SERVED:
        page.get_by_role("link", name=view.title, exact=True).click()
        page.locator(f".view-{view.name} .view").wait_for()
    page.get_by_role("link", name="Map", exact=True).click()
    page.locator(".map-canvas").wait_for()
    open_page(page)
    assert same_as_python(page)
    shown = pixels_of(page)
    menu(page).get_by_label("Scale").select_option("1")
    path = saved(page, "PNG", tmp_path)
    assert replay(path, [shelf_dir]).identical
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), shown)
    assert wrong == []
    context.close()
