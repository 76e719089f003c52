"""All views in Chromium: no violation that axe-core knows, no letters too small, nothing cut or covered."""

from __future__ import annotations

import pytest

from .conftest import ROOT
from .visits import LARGE, LINK, frames, open_page, until

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules/axe-core/axe.min.js"
VIEWS = {
    "/": "canvas.large",
    "/spikes": ".statistics-part[data-drawn]",
    "/interpolate": "ol.strip[data-there]",
    "/map": ".map-canvas[data-cursor]",
    "/generate": "[data-there]",
    "/dimensions": "table",
    "/models": ".side-row canvas",
    "/how": ".cards canvas",
}
# what lies in the page's shadow root is this project's, all around it Streamlit's
FOUND = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => nodes
    .filter(({ target }) => Array.isArray(target[0]))
    .map(({ html, any, all, none }) => `${id}: ${html.slice(0, 160)} ${[...any, ...all, ...none][0]?.message}`));
}"""
SMALL = """least => {
  const found = new Set();
  const look = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) look(element.shadowRoot);
      const text = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
      const seen = element.closest('.stage') && element.getClientRects().length;
      const size = parseFloat(getComputedStyle(element).fontSize);
      if (text && seen && size < least) found.add(`${size} px: ${element.outerHTML.slice(0, 120)}`);
    }
  };
  look(document);
  return [...found];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser, server, scheme):
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci")
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=server, color_scheme=scheme, reduced_motion="reduce"
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.set_default_timeout(60_000)
    found = {}
    for path, ready in VIEWS.items():
        open_page(page, LINK, path, ready)
        if violations := page.evaluate(FOUND):
            found[path] = violations
    context.close()
    assert not found, "\n".join(f"{path} {line}" for path, lines in found.items() for line in lines)


def test_what_waits_for_decoders_has_names_already(browser, server):
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci")
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server)
    context.add_init_script(path=AXE)
    context.add_init_script("globalThis.Worker = class extends EventTarget { postMessage() {} terminate() {} }")
    page = context.new_page()
    page.set_default_timeout(60_000)
    found = {}
    for path, ready in {
        "/": LARGE,
        "/interpolate": "ol.strip",
        "/generate": "canvas",
        "/dimensions": ".strips",
    }.items():
        open_page(page, LINK, path, ready)
        if violations := page.evaluate(FOUND):
            found[path] = violations
    context.close()
    assert not found, "\n".join(f"{path} {line}" for path, lines in found.items() for line in lines)


def test_no_letters_are_smaller_than_11_pixels(browser, server):
    context = browser.new_context(base_url=server)
    page = context.new_page()
    page.set_default_timeout(60_000)
    found = {}
    for path, ready in VIEWS.items():
        page.set_viewport_size({"width": 1440, "height": 900})
        open_page(page, LINK, path, ready)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            frames(page)
            if small := page.evaluate(SMALL, 11):
                found[path] = small
    context.close()
    assert not found, "\n".join(f"{path} {line}" for path, lines in found.items() for line in lines)


SIZES = [(1920, 1080), (1440, 900), (1024, 768), (768, 1024), (390, 844)]
# text wider than its box, and controls that cover each other; what the pointer calls up above a picture may
CROWDED = """() => {
  const all = [];
  const collect = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) collect(element.shadowRoot);
      if (element.closest('.stage') && element.checkVisibility()) all.push(element); // not in a closed <details>
    }
  };
  collect(document);
  const name = (e) => e.outerHTML.slice(0, 100);
  const cut = all.filter((e) => {
    const text = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    const scrolls = getComputedStyle(e).overflowX === 'auto';
    const wider = e.clientWidth && e.scrollWidth > e.clientWidth + 1;
    return text && wider && !scrolls && !e.matches('.unseen, .only-icon span, .bar h1, option');
  });
  const is = (e) => e.matches('button, select, input, a') && !e.matches('.unseen, .skip, .cell-acts *');
  const controls = all.filter(is);
  const boxes = controls.map((e) => e.getBoundingClientRect());
  const covered = [];
  boxes.forEach((a, i) => boxes.forEach((b, k) => {
    if (k <= i || controls[i].contains(controls[k])) return;
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && tall > 2) covered.push(`${name(controls[i])} and ${name(controls[k])}`);
  }));
  const { scrollWidth } = document.documentElement;
  const beyond = scrollWidth > innerWidth ? [`the page is ${scrollWidth} wide`] : [];
  return [...cut.map((e) => `cut: ${name(e)}`), ...covered, ...beyond];
}"""


@pytest.mark.parametrize("path", VIEWS)
def test_nothing_is_cut_or_covered(browser, server, path):
    context = browser.new_context(base_url=server)
    page = context.new_page()
    page.set_default_timeout(60_000)
    found = {}
    open_page(page, LINK, path, VIEWS[path])
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        until(page, "width => innerWidth === width", arg=width)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if crowded := page.evaluate(CROWDED):
            found[width] = crowded
    context.close()
    assert not found, "\n".join(f"{width} {line}" for width, lines in found.items() for line in lines)
