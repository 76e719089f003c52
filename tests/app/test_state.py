import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.state import (
    GRID,
    MAX_INDEX,
    MAX_SEED,
    MAX_STEPS,
    LinkError,
    Prior,
    State,
    TestImage,
    Upload,
    decode,
    encode,
    from_grid,
    to_grid,
)

RATES = st.lists(st.integers(0, GRID), min_size=1, max_size=40).map(tuple)
SEEDS = st.integers(0, MAX_SEED)
SOURCES = st.one_of(st.integers(0, MAX_INDEX).map(TestImage), st.builds(Prior, SEEDS), st.builds(Upload, RATES))
NAMES = st.text(min_size=1, max_size=30).filter(str.isprintable)
STATES = st.builds(
    State,
    NAMES,
    SOURCES,
    RATES,
    SEEDS,
    st.sampled_from(["bernoulli", "systematic"]),
    st.integers(1, MAX_STEPS),
    st.sampled_from(["effect", "index"]),
)
PLAIN = State("mnist", TestImage(42), (0, GRID // 2, GRID), 7, "bernoulli", 16)


@given(STATES)
def test_a_link_brings_back_the_state(state):
    assert decode(encode(state)) == state


@given(STATES)
def test_a_link_needs_no_escapes_of_the_browser(state):
    assert all(c.isascii() and (c.isalnum() or c in "-_.~%") for c in encode(state))


@given(st.text(max_size=200) | st.builds(lambda s, i: encode(s)[:i], STATES, st.integers(0, 60)))
def test_nonsense_is_refused_and_nothing_else_happens(text):
    with contextlib.suppress(LinkError):
        assert isinstance(decode(text), State)


@pytest.mark.parametrize(
    ("part", "text", "message"),
    [
        (0, "2", "version: expected 1, found '2'"),
        (1, "", "checkpoint: expected a name"),
        (1, "%00", "checkpoint: expected a name"),
        (2, "x9", "source: expected t, p or u, found 'x9'"),
        (2, "t-1", "test image: expected a whole number"),
        (2, "p99999999999", "prior seed: expected a whole number"),
        (2, "u!!", "rates of the upload: expected base64url"),
        (3, "q16", "sampler: expected b or s"),
        (3, "b0", "time steps: expected a whole number from 1 to 64, found '0'"),
        (3, "b65", "time steps"),
        (4, "-1", "noise seed"),
        (4, "\u0661", "noise seed"),
        (4, "2147483648", "noise seed"),
        (5, "z", "order: expected e or i"),
        (6, "", "rates: expected 1 to 4096 of them, found 0"),
        (6, "AAAA", "rates: expected base64url of 2 bytes each"),
        (6, "__8", "rates: expected each to be at most 46080, found 65535"),
    ],
)
def test_every_part_of_a_link_is_checked(part, text, message):
    parts = encode(PLAIN).split("~")
    parts[part] = text
    with pytest.raises(LinkError, match="^" + message.replace("'", ".").replace("(", ".")):
        decode("~".join(parts))


def test_a_link_that_was_cut_short_says_so():
    with pytest.raises(LinkError, match="expected 7 parts, found 4; was the link cut short"):
        decode("~".join(encode(PLAIN).split("~")[:4]))


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 16, 32, 64])
def test_rates_of_whole_spikes_are_exact(steps):
    counts = np.arange(steps + 1)
    grid = to_grid(counts / steps)
    assert [rate * steps for rate in grid] == [int(k) * GRID for k in counts]
    assert np.array_equal(from_grid(grid), (counts / steps).astype(np.float32))


def test_numbers_outside_the_range_are_moved_inside():
    assert to_grid([-1.0, 2.0, float("nan"), float("inf"), -float("inf")]) == (0, GRID, 0, GRID, 0)


def test_names_may_hold_any_sign():
    state = replace(PLAIN, checkpoint="a~b/ü %7E")
    assert decode(encode(state)) == state
