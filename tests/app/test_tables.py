"""Tables in Chromium: every header and every figure says what it is when it is pointed at."""

from __future__ import annotations

import pytest

from app import catalogue
from app.state import State, TestImage, to_grid

from .visits import loaded, open_page

pytestmark = pytest.mark.browser

SILENT = """(view) => [...view.querySelectorAll('table :is(th, td)')]
  .filter((cell) => !cell.closest('.broken, .unfolded'))
  .filter((cell) => cell.textContent.trim() || cell.querySelector('canvas'))
  .filter((cell) => !cell.title && !cell.querySelector('[title]:not([title=""])'))
  .map((cell) => cell.textContent)"""


@pytest.fixture(autouse=True)
def only_small(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])


def opened(page, name: str, path: str, ready: str, **view: str) -> None:
    atlas = catalogue.named(name).atlas
    source = TestImage(int(atlas.indices[0]))
    state = State(name, source, to_grid(atlas.rates[0].tolist()), 7, "bernoulli", 8, view=tuple(view.items()))
    open_page(page, state, path, ready)
    loaded(page)


def test_the_table_of_dimensions(page):
    opened(page, "digits-plus", "/dimensions", ".dimension-table td")
    assert page.locator(".view").evaluate(SILENT) == []
    row = page.locator(".dimension-table tbody tr").first
    titles = row.locator("td").evaluate_all("cells => cells.map((cell) => cell.title)")
    assert "of at most" in titles[2]
    assert titles[3].startswith("Each pixel changes by ")
    assert "of its variance" in titles[-1]


@pytest.mark.parametrize("name", ["digits-plus", "mnist-plus"])
def test_the_table_of_controls_and_the_evidence_of_each_kind(page, name):
    opened(page, name, "/dimensions", ".control-detail h2", table="controls")
    assert page.locator(".dimension-table tbody tr").count() > 2
    seen = set()
    for control in catalogue.named(name).controls.values():
        if control.source in seen:
            continue
        seen.add(control.source)
        page.locator(f'tr[data-control="{control.name}"] button').click()
        page.locator(f'tr.chosen[data-control="{control.name}"]').wait_for()
        assert page.locator(".view").evaluate(SILENT) == []


def test_the_table_of_models_and_the_figures_of_a_card(page):
    opened(page, "digits-plus", "/models", ".model-card td")
    assert page.locator(".models thead th").count() == 12
    assert page.locator(".model-card td").count() > 5
    assert page.locator(".view").evaluate(SILENT) == []
