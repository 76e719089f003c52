"""Every view without eyes and without a mouse: names as Chromium tells them to a screen reader, and the way of Tab."""

from __future__ import annotations

import pytest

from .visits import LINK, loaded, open_page, soon

pytestmark = pytest.mark.browser

VIEWS = {
    "explore": "canvas.large",
    "spikes": "canvas.large",
    "interpolate": "ol.strip[data-there]",
    "map": ".map-canvas[data-cursor]",
    "generate": "[data-there]",
    "dimensions": "canvas.heat",
    "models": "table",
    "how": ".card canvas",
}
NAMED = {
    "button", "link", "image", "img", "Canvas", "SvgRoot", "graphics-document", "slider", "combobox", "ComboBoxSelect",
    "textbox", "spinbutton", "checkbox", "radio", "tab", "application", "group", "radiogroup", "tablist", "meter",
    "progressbar", "listbox", "dialog",
}  # fmt: skip
"""Roles that say nothing without a name."""

TWINS = {
    "CANVAS raster": "what it tells under the pointer, the cells of Spikes tell under the arrow keys",
    "CANVAS maps": "a unit is chosen by the number fields above it as well",
    "CANVAS heat": "a dimension is chosen in the table as well",
}
"""What the pointer can do here, and how it is done without."""

STOPS = """() => {
  const used = 'button:not(:disabled), select, input:not(:disabled), summary, a[href], [tabindex]';
  const found = [];
  const walk = (root) => {
    for (const each of root.querySelectorAll('*')) {
      if (each.shadowRoot) walk(each.shadowRoot);
      if (each.closest('.stage') && each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }) &&
          each.matches(used)) found.push(each);
    }
  };
  walk(document);
  found.forEach((each, i) => (each.dataset.stop = i));
  return found.length;
}"""
FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at?.dataset.stop) return null;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const says = `${at.tagName} ${at.className} ${at.getAttribute('aria-label') ?? at.textContent.slice(0, 30)}`;
  const ring = (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) || boxShadow !== 'none';
  return { stop: Number(at.dataset.stop), says, ring, seen };
}"""
DEAF = """() => {
  const keys = 'button, select, input, summary, a[href], label, [tabindex]';
  const found = [];
  const walk = (root) => {
    for (const each of root.querySelectorAll('*')) {
      if (each.shadowRoot) walk(each.shadowRoot);
      const heard = each.onclick || each.onpointerdown || each.onpointermove;
      const mute = !each.matches(keys) && !each.closest('button') && !each.querySelector(keys);
      if (heard && mute && each.closest('.stage')) found.push(`${each.tagName} ${each.getAttribute('class')}`);
    }
  };
  walk(document);
  return found;
}"""


def visit(page, name):
    open_page(page, LINK, f"/{'' if name == 'explore' else name}", VIEWS[name])
    loaded(page)


@pytest.fixture(scope="module", params=VIEWS)
def visited(request, context):
    """One visit of each view for the tests that change nothing but the focus."""
    page = context.new_page()
    visit(page, request.param)
    yield page
    page.close()


def test_whatever_is_seen_or_used_has_a_name(visited):
    page = visited
    tools = page.context.new_cdp_session(page)
    nodes = tools.send("Accessibility.getFullAXTree")["nodes"]
    nameless = []
    for node in nodes:
        role = node.get("role", {}).get("value")
        if node["ignored"] or role not in NAMED or node.get("name", {}).get("value", "").strip():
            continue
        about = tools.send("DOM.describeNode", {"backendNodeId": node["backendDOMNodeId"]})["node"]
        if about["nodeName"] != "DETAILS":  # its summary names it
            nameless.append((role, about["nodeName"], about.get("attributes")))
    tools.detach()
    assert not nameless
    pictures = page.locator(".stage canvas:not([role=img], [aria-hidden=true], [tabindex])")
    assert soon(page, lambda: pictures.count() == 0), "a canvas without a role is nothing to a screen reader"
    broken = page.evaluate(
        """() => {
          const roots = [document];
          const lost = [];
          for (let root; (root = roots.pop()); ) {
            for (const each of root.querySelectorAll('*')) {
              if (each.shadowRoot) roots.push(each.shadowRoot);
              for (const how of ['aria-describedby', 'aria-labelledby', 'for']) {
                for (const id of each.closest('.stage') ? (each.getAttribute(how) ?? '').split(' ') : []) {
                  if (id && !root.getElementById(id)) lost.push(`${how} ${id}`);
                }
              }
            }
          }
          return lost;
        }"""
    )
    assert not broken


def test_tab_reaches_all_that_can_be_used_and_one_sees_where_it_is(visited):
    page = visited
    count = page.evaluate(STOPS)
    assert count > 5
    page.evaluate("document.activeElement?.blur()")
    reached, pressed = {}, 0
    while len(reached) < count and pressed < count + 60:  # Streamlit's own stops come first
        page.keyboard.press("Tab")
        pressed += 1
        if at := page.evaluate(FOCUSED):
            reached[at["stop"]] = at
    assert sorted(reached) == list(reached), "from the top to the bottom"
    assert len(reached) == count
    assert not [at["says"] for at in reached.values() if not (at["ring"] and at["seen"])]


def test_nothing_is_for_the_pointer_alone(visited):
    assert set(visited.evaluate(DEAF)) <= TWINS.keys()
