"""All views in Chromium: no violation that axe-core knows, no letters too small, nothing cut or covered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import catalogue
from app.state import State, TestImage, to_grid

from .conftest import ROOT
from .visits import LARGE, LINK, frames, go_to, open_page, until

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
def test_axe_finds_no_violation(page, scheme):
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.add_init_script(path=AXE)
    found = {}
    open_page(page)
    for path, ready in VIEWS.items():
        go_to(page, path, ready)
        if violations := page.evaluate(FOUND):
            found[path] = violations
    assert not found, "\n".join(f"{path} {line}" for path, lines in found.items() for line in lines)


def test_axe_finds_no_violation_in_what_is_opened(page):
    """Menus and lists above the view, with a saved picture in one of them."""
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci")
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(path=AXE)
    open_page(page)
    star = page.get_by_role("button", name="Save this picture in the tray", exact=True)
    star.click()
    found = {}
    for name in ("Saved", "Steps", "Link", "Export", "Help"):
        page.get_by_role("button", name=name, exact=True).click()
        frames(page)
        if violations := page.evaluate(FOUND):
            found[name] = violations
        page.keyboard.press("Escape")
    star.click()  # the next visitor of this profile finds none
    assert not found, "\n".join(f"{name} {line}" for name, lines in found.items() for line in lines)


def test_what_waits_for_decoders_has_names_already(page):
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci")
    page.add_init_script(path=AXE)
    page.add_init_script("globalThis.Worker = class extends EventTarget { postMessage() {} terminate() {} }")
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
    assert not found, "\n".join(f"{path} {line}" for path, lines in found.items() for line in lines)


def test_no_letters_are_smaller_than_11_pixels(page):
    found = {}
    open_page(page)
    for path, ready in VIEWS.items():
        page.set_viewport_size({"width": 1440, "height": 900})
        go_to(page, path, ready)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            frames(page)
            if small := page.evaluate(SMALL, 11):
                found[path] = small
    assert not found, "\n".join(f"{path} {line}" for path, lines in found.items() for line in lines)


SIZES = [(1920, 1080), (1440, 900), (1024, 768), (768, 1024), (390, 844)]
# text wider than its box, marks of help below their heading, and controls that cover each other; what the pointer calls
# up above a picture may
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
    const hidden = getComputedStyle(e).clipPath === 'inset(50%)'; // for screen readers alone
    const upright = getComputedStyle(e).writingMode !== 'horizontal-tb'; // a line of it may be wider than a bar
    return text && wider && !scrolls && !hidden && !upright && !e.matches('.unseen, .only-icon span, .bar h1, option');
  });
  const is = (e) => e.matches('button, select, input, a') && !e.matches('.unseen, .skip, .cell-acts *');
  const controls = all.filter(is);
  const seen = (e) => { // as much of its box as is not scrolled out of sight
    let { left, right, top, bottom } = e.getBoundingClientRect();
    for (let around = e.parentElement; around; around = around.parentElement) {
      if (getComputedStyle(around).overflowY !== 'auto') continue;
      const box = around.getBoundingClientRect();
      [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
      [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    }
    return { left, right, top, bottom };
  };
  const boxes = controls.map(seen);
  const covered = [];
  boxes.forEach((a, i) => boxes.forEach((b, k) => {
    if (k <= i || controls[i].contains(controls[k])) return;
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && tall > 2) covered.push(`${name(controls[i])} and ${name(controls[k])}`);
  }));
  const below = all.filter((e) => e.matches('.head > h2 + .help-place') &&
    e.getBoundingClientRect().top >= e.previousElementSibling.getBoundingClientRect().bottom - 2);
  const { scrollWidth } = document.documentElement;
  const beyond = scrollWidth > innerWidth ? [`the page is ${scrollWidth} wide`] : [];
  const marks = below.map((e) => `mark of help below: ${name(e.previousElementSibling)}`);
  return [...cut.map((e) => `cut: ${name(e)}`), ...covered, ...marks, ...beyond];
}"""


def crowded(page, widths=SIZES) -> str:
    """What is cut or covered at these sizes of the window, a line for each."""
    found = []
    for width, height in widths:
        page.set_viewport_size({"width": width, "height": height})
        until(page, "width => innerWidth === width", arg=width)
        frames(page)
        found += [f"{width} {each}" for each in page.evaluate(CROWDED)]
    return "\n".join(found)


@pytest.mark.parametrize("path", VIEWS)
def test_nothing_is_cut_or_covered(page, path):
    open_page(page, LINK, path, VIEWS[path])
    assert not (found := crowded(page)), found


def shipped(name: str, **changed) -> State:
    """A test image of a shipped model."""
    loaded = catalogue.named(name)
    rates = to_grid(loaded.atlas.rates[0].tolist())
    state = State(name, TestImage(int(loaded.atlas.indices[0])), rates, 7, "systematic", 16)
    return replace(state, **changed)


@pytest.mark.parametrize("name", ["emoji-plus", "mnist-poisson", "sprites-taught"])
def test_names_of_any_length_leave_the_views_in_order(page, name):
    """What small models lack: controls, long names of classes and of neurons, and two samplers' words."""
    open_page(page, shipped(name))
    found = {}
    for path in ("/", "/spikes", "/interpolate", "/generate", "/dimensions"):
        page.set_viewport_size({"width": 1440, "height": 900})
        go_to(page, path, VIEWS[path])
        if lines := crowded(page):
            found[path] = lines
    assert not found, "\n".join(f"{path} {lines}" for path, lines in found.items())


@pytest.mark.parametrize("name", ["emoji-plus", "fashion-plus"])
def test_the_settings_of_samples_stay_in_their_column(page, name):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, shipped(name), "/generate", VIEWS["/generate"])
    column = page.locator(".generate > .controls")
    box = column.bounding_box()
    for control in column.locator("button, select, input").all():
        if control.is_visible():
            its = control.bounding_box()
            assert its["x"] >= box["x"] - 1, control
            assert its["x"] + its["width"] <= box["x"] + box["width"] + 1, control


@pytest.mark.parametrize("path", ["/spikes", "/interpolate", "/generate"])
def test_the_slider_of_time_steps_is_as_long_at_any_number(page, path):
    """What the model was trained with stands below the slider's name, where it takes nothing of the track."""
    state = shipped("mnist-plus")
    open_page(page, state, path, VIEWS[path])
    slider = page.get_by_role("slider", name="Time steps T")
    widths = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        until(page, "width => innerWidth === width", arg=width)
        for steps in (16, 9, 64):
            slider.fill(str(steps))
            frames(page)
            widths.setdefault(width, []).append(slider.bounding_box()["width"])
        assert "(trained: 16)" in slider.get_attribute("aria-valuetext")
    assert all(min(each) >= 100 and max(each) - min(each) < 1 for each in widths.values()), widths


@pytest.mark.parametrize("name", ["mnist-plus", "ae-mnist"])
def test_a_phone_has_the_buttons_of_the_picture_and_the_picture_stays_small(page, name):
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, shipped(name))
    part = page.locator(".picture-part")
    assert part.bounding_box()["height"] < 230, "it stays in view"
    part.get_by_role("button", name="Help: Picture").click()
    assert page.locator(".help-note:popover-open").is_visible()
    page.keyboard.press("Escape")
    part.get_by_role("button", name="Present").click()
    page.locator(".presenting canvas.large").wait_for()
    assert not part.get_by_role("button", name="Present").is_visible()
    page.get_by_role("button", name="Leave the presentation").click()
    page.locator(".presenting").wait_for(state="detached")
    page.keyboard.press("p")
    page.locator(".presenting canvas.large").wait_for()


@pytest.mark.parametrize("name", ["mnist-plus", "emoji-plus"])
def test_bars_are_in_view_beside_the_picture_in_a_low_window(page, name):
    """As on a laptop of 1440 x 900 whose pages are enlarged by half."""
    open_page(page, shipped(name))
    for width, height in ((1024, 768), (960, 600)):
        page.set_viewport_size({"width": width, "height": height})
        until(page, "width => innerWidth === width", arg=width)
        frames(page)
        bars = page.locator(".mixer").bounding_box()
        picture = page.locator("canvas.large").bounding_box()
        assert picture["y"] < 0.65 * height
        assert bars["x"] > picture["x"] + picture["width"]
        assert bars["height"] > 100
        assert bars["y"] + bars["height"] < height


@pytest.mark.parametrize("name", ["emoji-plus", "cifar10-plus"])
def test_names_of_anchors_are_whole_and_their_buttons_in_a_row(page, name):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, shipped(name), "/interpolate", VIEWS["/interpolate"])
    names = page.locator(".anchors p")
    assert names.count() > 1
    cut = "all => all.filter((p) => p.scrollWidth > p.clientWidth + 1 || p.scrollHeight > p.clientHeight + 1).length"
    assert names.evaluate_all(cut) == 0
    tops = page.locator(".anchor-acts").evaluate_all("all => all.map((e) => e.getBoundingClientRect().top)")
    assert max(tops) - min(tops) < 1


def test_what_belongs_together_is_on_one_line(page):
    """The picture's name and its buttons, where its column is narrowest; the noise and what draws it anew."""
    state = shipped("mnist-plus")
    middle = "e => { const b = e.getBoundingClientRect(); return b.top + b.height / 2; }"
    for path in ("/", "/generate"):
        open_page(page, state, path, VIEWS[path])
        for width, height in ((1440, 900), (768, 1024)):
            page.set_viewport_size({"width": width, "height": height})
            until(page, "width => innerWidth === width", arg=width)
            frames(page)
            lines = [page.locator(".noise-part .row").first.locator("input, button")]
            if path == "/":
                lines.append(page.locator(".picture-part .head").locator("h2, button"))
            for line in lines:
                middles = [each.evaluate(middle) for each in line.all() if each.is_visible()]
                assert len(middles) >= 3
                assert max(middles) - min(middles) < 6, (path, width)


def test_the_picture_of_another_model_is_in_view_once_it_is_asked_for(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, shipped("mnist-plus"))
    page.get_by_label("Compare with another model").select_option("ae-mnist")
    other = page.locator("canvas.other")
    other.wait_for()
    frames(page)
    box = other.bounding_box()
    assert box["y"] > 60
    assert box["y"] + box["height"] < 900
