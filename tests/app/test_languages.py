"""The page in a language of accented letters: what still has plain ones was not in the list of messages."""

from __future__ import annotations

import json
import re

import pytest

from esvae_core.explore.languages import FOLDER

from .conftest import ROOT, start_server
from .test_accessibility import VIEWS
from .visits import drag, frames, go_to, open_page, released

pytestmark = pytest.mark.browser

CODE = "en-XA"
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ACCENTED = "åƀćđéƒğĥíĵķłɱñóþɋŕšţúṽŵẋýžÅƁĆĐÉƑĜĤÍĴĶĻṀÑÓÞǪŔŠŢÚṼŴẊÝŽ"
# Texts and what is read out, of all that a view has, shown at the moment or not; but for what is typed, or comes with a
# model or its data: names and what is said of them.
TEXTS = """() => {
  const READ = ['title', 'aria-label', 'aria-valuetext', 'placeholder', 'alt'];
  const GIVEN = 'code, pre, style, script, math, .view-models tbody, .model-card';
  const found = new Set();
  const look = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) look(element.shadowRoot);
      if (!element.closest('.stage') || element.closest(GIVEN)) continue;
      for (const name of READ) if (element.hasAttribute(name)) found.add(element.getAttribute(name));
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) found.add(node.data);
    }
  };
  look(document);
  return [...found];
}"""
SHIPPED = {
    part for path in (ROOT / "checkpoints").glob("*.safetensors") for part in (path.stem, path.stem.split("-")[0])
}
MADE = {"aaa", "bare", "plain", "rival", "filmed", "made", "text", "cut"}
OTHERS = (
    "bernoulli",
    "systematic",
    "euclidean",
    "px",
    "kB",
    "ms",
    "csv",
    "npz",
    "English",
    "Pseudo-Accents",
    "[A-Z]{2,}",
)
# What is called the same in all languages: models and their data, samplers and metrics as links have them, units,
# kinds of files, languages, and what is abbreviated.
NAMES = re.compile(rf"(?<![\w-])({'|'.join([*sorted(SHIPPED | MADE, reverse=True), *OTHERS])})(?![\w-])")


def accented(message: str) -> str:
    """The message in brackets and other letters, its values where they are."""
    parts = re.split(r"(\{\d+\})", message)
    table = str.maketrans(PLAIN, ACCENTED)
    return f"⟦{''.join(part if part.startswith('{') else part.translate(table) for part in parts)}⟧"


def plain_words(page) -> set[str]:
    """Texts of the page with plain words that are no names."""
    return {text for text in page.evaluate(TEXTS) if re.search(r"[A-Za-z]{2,}", NAMES.sub("", text))}


@pytest.fixture(scope="module")
def page(browser, shelf_dir, tmp_path_factory):
    """A visitor of a server that offers the language, and who asks for it."""
    folder = tmp_path_factory.mktemp("languages")
    messages = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))
    pseudo = {message: accented(message) for message in messages}
    (folder / f"{CODE}.json").write_text(json.dumps(pseudo), encoding="utf-8")
    with start_server(shelf_dir, env={"ESVAE_LANGUAGES": str(folder)}) as (address, _):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
        context.set_default_timeout(60_000)
        yield context.new_page()
        context.close()


def test_all_words_of_all_views_are_messages(page):
    page.goto(f"/?lang={CODE}")
    page.locator(".stage[lang]").first.wait_for()
    found = {}
    open_page(page)
    for path, ready in VIEWS.items():
        go_to(page, path, ready)
        found[path] = plain_words(page)
    assert {path: words for path, words in found.items() if words} == {}


def test_so_are_those_that_a_gesture_calls_up(page):
    page.goto(f"/?lang={CODE}")
    open_page(page)
    drag(page, 3, 0.5)
    released(page)
    found = {}
    for i in range(page.locator(".actions .menu > button").count()):
        page.locator(".actions .menu > button").nth(i).click()
        found[f"menu {i}"] = plain_words(page)
        page.keyboard.press("Escape")
    for i in range(page.locator(".source-part .choice button").count()):
        page.locator(".source-part .choice button").nth(i).click()
        frames(page)
        found[f"tab {i}"] = plain_words(page)
    page.keyboard.press("?")
    page.locator(".help-sheet").wait_for()
    found["help"] = plain_words(page)
    assert {place: words for place, words in found.items() if words} == {}


def test_a_visitor_chooses_english_and_keeps_it(page):
    page.goto(f"/?lang={CODE}")
    page.locator(".stage[lang] canvas.large").first.wait_for()
    page.keyboard.press("?")
    page.locator(".help-sheet").get_by_role("button", name="English", exact=True).click()
    page.locator(".stage:not([lang])").get_by_role("button", name="Undo", exact=True).wait_for()
    open_page(page, path="/spikes", ready="canvas.large")
    assert page.locator(".stage[lang]").count() == 0
    assert "lang=" not in page.evaluate("location.search")
