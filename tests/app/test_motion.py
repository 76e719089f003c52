"""Whoever asks for less motion: nothing moves by itself, and what is asked to move does so slowly."""

from __future__ import annotations

import pytest

from .visits import LARGE, LINK, open_page

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect

pytestmark = pytest.mark.browser

MOVES = """() => {
  const roots = [document];
  const found = [];
  for (let root; (root = roots.pop()); ) {
    for (const each of root.querySelectorAll('*')) {
      if (each.shadowRoot) roots.push(each.shadowRoot);
      if (!each.closest('.stage')) continue;
      const { animationName, transitionDuration } = getComputedStyle(each);
      if (animationName !== 'none' || parseFloat(transitionDuration) > 0.01) found.push(each.className);
    }
  }
  return found;
}"""
COUNT = """async (seconds) => {
  const mount = performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('/mount.js')).name;
  const { store } = await (await import(mount)).openedSession();
  let count = 0;
  const stop = store.on('state', () => count++);
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  stop();
  return count;
}"""
MARKED = """async (seconds) => {
  let count = 0;
  const watch = new MutationObserver((all) => (count += all.some(({ target }) => target.ariaPressed === 'true')));
  const roots = [...document.querySelectorAll('*')].map((each) => each.shadowRoot).filter(Boolean);
  const strip = roots.map((root) => root.querySelector('ol.strip')).find(Boolean);
  watch.observe(strip, { subtree: true, attributeFilter: ['aria-pressed'] });
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  return count;
}"""
PLAYED = {
    "/": ("Keep redrawing", LARGE, COUNT),
    "/spikes": ("Play", LARGE, COUNT),
    "/interpolate": ("Play", "[data-there]", MARKED),
}
VIEWS = ["/", "/spikes", "/interpolate", "/map", "/generate", "/dimensions", "/models", "/how"]


@pytest.fixture(params=["reduce", "no-preference"])
def visitor(request, page):
    """A page whose visitor asks for less motion, or does not, and whether it does."""
    page.emulate_media(reduced_motion=request.param)
    return page, request.param == "reduce"


@pytest.mark.parametrize("path", PLAYED)
def test_what_plays_plays_slowly(visitor, path):
    page, calm = visitor
    name, ready, counted = PLAYED[path]
    open_page(page, LINK, path, ready)
    page.get_by_role("button", name=name, exact=True).click()
    count = page.evaluate(counted, 2.1)
    assert (1 <= count <= 4) if calm else count >= 5, count


@pytest.mark.parametrize("path", VIEWS)
def test_nothing_moves_by_itself(visitor, path):
    page, calm = visitor
    page.goto(path)
    page.locator(".stage").first.wait_for()
    if calm:  # else what is still loading shimmers
        assert page.evaluate(MOVES) == []
    page.locator(".stage .view").wait_for()
    expect(page.locator(".stage .skeleton")).to_have_count(0, timeout=60_000)
    assert page.evaluate(MOVES) == []
    assert page.evaluate(COUNT, 1) == 0
