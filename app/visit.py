"""One visit: the present state, what came before it, and the address bar.

The state is the only truth. Widgets are filled from it before they are drawn (`show`), and their callbacks change it
(`change`); the address bar is written once, at the end of a run (`write_link`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from app.state import GRID, PARAMETER, State, decode, encode
from esvae_core.errors import EsvaeError

LIMIT = 500  # steps that can be undone


def state() -> State:
    """What is on the screen now."""
    now: State = st.session_state["state"]
    return now


def change(**fields: Any) -> None:
    """Change some fields of the state, as one step that can be undone."""
    touch()
    old = state()
    new = replace(old, **fields)
    if new == old:
        return
    past = st.session_state.setdefault("past", [])
    past.append(old)
    del past[:-LIMIT]
    st.session_state["future"] = []
    st.session_state["state"] = new


def undo() -> None:
    """Take the last step back."""
    _step("past", "future")


def redo() -> None:
    """Take the last step again that was taken back."""
    _step("future", "past")


def can_undo() -> bool:
    """Whether there is a step to take back."""
    return bool(st.session_state.get("past"))


def can_redo() -> bool:
    """Whether there is a step to take again."""
    return bool(st.session_state.get("future"))


def tell(line: str) -> None:
    """Show a line at the top of the page until the next touch."""
    touch()
    st.session_state["notice"] = line


def notice() -> str:
    """The line to show; "" if there is none."""
    line: str = st.session_state.get("notice", "")
    return line


def settle(default: Callable[[], State], check: Callable[[State], Any]) -> None:
    """Make sure that there is a state: the one on the screen, the link's, or the default.

    A link is taken when it is new and no widget was touched: at the first run, and when the visitor goes back. (A touch
    may arrive together with an address that the browser had not yet brought up to date.)

    Args:
        default: Makes the state of a visit without a link.
        check: Raises an EsvaeError if a state cannot be shown.
    """
    text = st.query_params.get(PARAMETER)
    touched = st.session_state.pop("touched", False)
    if text is not None and not touched and text != st.session_state.get("link"):
        try:
            linked = decode(text)
            check(linked)
        except EsvaeError as error:
            st.session_state["notice"] = f"This link does not open: {error}. Here is something else instead."
        else:
            _adopt(linked)
    if "state" not in st.session_state:
        st.session_state["state"] = default()


def write_link() -> None:
    """Bring the address bar up to date."""
    link, last = encode(state()), st.session_state.get("link")
    st.session_state["link"] = link
    if link != last or st.query_params.get(PARAMETER) != link:
        st.query_params[PARAMETER] = link


def show(key: str, value: object) -> str:
    """Fill a widget that is about to be drawn; gives the key to draw it with.

    What the visitor set is left alone. What the app sets gets a new key, hence a new widget: a browser that has not yet
    heard of the change repeats all the values it knows with its next message, and under the old key they would look
    like the visitor's wish.
    """
    generations: dict[str, int] = st.session_state.setdefault("generations", {})
    generation = generations.get(key, 0)
    if not _same(st.session_state.get(f"{key}#{generation}", value), value):
        generation += 1
    generations[key] = generation
    name = f"{key}#{generation}"
    if name not in st.session_state:
        st.session_state[name] = value
    return name


def _same(a: object, b: object) -> bool:
    """Equal; numbers to the grid on which a state keeps them."""
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) < 0.6 / GRID
    return a == b


def value(key: str) -> Any:
    """What a widget filled by `show` holds; for its callback."""
    return st.session_state[f"{key}#{st.session_state['generations'][key]}"]


def touch() -> None:
    """Note that a widget was touched; the callback of those that change no state."""
    st.session_state["touched"] = True
    st.session_state.pop("notice", None)


def _adopt(linked: State) -> None:
    if "state" in st.session_state:
        change(**vars(linked))
        st.session_state.pop("touched", None)
    st.session_state["state"] = linked
    st.session_state.pop("notice", None)


def _step(back: str, forth: str) -> None:
    touch()
    if st.session_state.get(back):
        st.session_state.setdefault(forth, []).append(state())
        st.session_state["state"] = st.session_state[back].pop()
