"""What the browser tests do with a page: open it, read its state and pixels, drag, and compare it with Python."""

from __future__ import annotations

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
    page.wait_for_timeout(100)


def state_of(page) -> State:
    (text,) = parse_qs(urlsplit(page.evaluate("location.href")).query)["s"]  # page.url lags behind
    return decode(text)


def pixels_of(page, selector=LARGE) -> np.ndarray:
    """(H, W, 3) bytes of a canvas."""
    size, data = page.locator(selector).first.evaluate(
        "c => [[c.height, c.width], [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"
    )
    return np.array(data, np.uint8).reshape(*size, 4)[:, :, :3]


def alike(pixels: np.ndarray, expected: np.ndarray) -> bool:
    """Equal to a grey level, of one size: the two round alike, but their last bit of tanh may differ."""
    if pixels.shape[:2] != expected.shape[:2]:
        return False
    return int(np.abs(pixels.astype(int) - expected).max()) <= 1


def soon(page, holds: Callable[[], bool]) -> bool:
    """Whether something comes true within some seconds: frames are few on a busy machine."""
    for _ in range(80):
        if holds():
            return True
        page.wait_for_timeout(100)
    return False


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
    page.wait_for_timeout(100)


def released(page):
    """Let go, and wait until the gesture is in the address bar."""
    before = page.evaluate("location.href")
    page.mouse.up()
    settled(page, before)


def settled(page, before: str):
    """Wait until the address is another one."""
    until(page, "before => location.href !== before", arg=before)
    page.wait_for_timeout(50)


def model_button(page):
    """The button that names the model at work."""
    return page.locator(".model-button")


def choose_model(page, name):
    """Open another model by the list of all."""
    model_button(page).click()
    page.locator(".model-list button").filter(has=page.get_by_text(name, exact=True)).click()
