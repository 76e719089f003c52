"""What the browser tests do with a page: open it, read its state and pixels, drag, and compare it with Python."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np

from app import server_decode
from app.state import Prior, State, decode, encode, to_grid

LARGE = "canvas.large"
LINK = State("aaa", Prior(0), to_grid([0.5, 0.25, 0.75, 1, 0, 0.5]), 7, "bernoulli", 8)


def until(page, holds: str, arg=None, seconds=60):
    """Wait until an expression or function of the page's gives true.

    `page.wait_for_function` would need eval in the page, which the app's content security policy forbids.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(holds, arg):
        assert time.monotonic() < end, f"not within {seconds} s: {holds}"
        page.wait_for_timeout(50)


def open_page(page, state: State | str = LINK, path="/", ready=LARGE):
    text = state if isinstance(state, str) else encode(state)
    page.goto(f"{path}?s={quote(text)}" if text else path)
    page.locator(f".view {ready}").first.wait_for()
    until(page, "location.search.includes('s=2~')")
    frames(page)


def go_to(page, path: str, ready=LARGE):
    """Another view of a page that is open, by its link in the navigation; less than half of the work of a visit."""
    page.locator(f'[data-testid=stTopNavLink][href$="{path}"]').click()
    page.locator(f".view-{path.strip('/') or 'explore'} {ready}").first.wait_for()
    frames(page)


def state_of(page) -> State:
    (text,) = parse_qs(urlsplit(page.evaluate("location.href")).query)["s"]  # page.url lags behind
    return decode(text)


PIXELS = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return [height, width, btoa(text)];
}"""


def pixels_of(page, selector=LARGE) -> np.ndarray:
    """(H, W, 3) bytes of a canvas.

    They come as text: a list of a million numbers takes Playwright some ten seconds.
    """
    height, width, text = page.locator(selector).first.evaluate(PIXELS)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[:, :, :3].copy()


def alike(pixels: np.ndarray, expected: np.ndarray) -> bool:
    """Equal to a grey level, of one size: the two round alike, but their last bit of tanh may differ."""
    if pixels.shape[:2] != expected.shape[:2]:
        return False
    return int(np.abs(pixels.astype(int) - expected).max()) <= 1


def soon(page, holds: Callable[[], bool]) -> bool:
    """Whether something comes true within half a minute: frames are few on a busy machine."""
    end = time.monotonic() + 30
    while not holds():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(50)
    return True


def frames(page):
    """Wait until the page has drawn what it was asked for: two frames, of which one may have begun before."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def loaded(page):
    """Wait until no part of the view is still being loaded, and all is drawn."""
    page.locator(".stage .skeleton").first.wait_for(state="detached")
    frames(page)


def time_to_go_wrong(page, milliseconds=300):
    """Leave the time in which something that must not happen would; the test then says that it did not."""
    page.wait_for_timeout(milliseconds)


def same_as_python(page) -> bool:
    """Whether the picture becomes what Python draws of the state."""
    return soon(page, lambda: alike(pixels_of(page), server_decode.drawn(state_of(page)).pixels[0]))


def bars(page):
    return page.locator("[role=slider].fader")


def drag(page, bar, to, steps=8):
    """Drag a dimension's bar to a rate, with the hand still down."""
    box = page.get_by_role("slider", name=f"d{bar}", exact=True).bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] * (1 - to), steps=steps)
    frames(page)


def released(page):
    """Let go, and wait until the gesture is in the address bar."""
    before = page.evaluate("location.href")
    page.mouse.up()
    settled(page, before)


def settled(page, before: str):
    """Wait until the address is another one."""
    until(page, "before => location.href !== before", arg=before)
    frames(page)


def model_button(page):
    """The button that names the model at work."""
    return page.locator(".model-button")


def choose_model(page, name):
    """Open another model by the list of all."""
    model_button(page).click()
    page.locator(".model-list button").filter(has=page.get_by_text(name, exact=True)).click()
