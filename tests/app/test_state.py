import contextlib
import json
import re
from dataclasses import asdict, replace
from pathlib import Path

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
    UserImage,
    decode,
    encode,
    from_grid,
    pack,
    to_grid,
    unpack,
)

RATES = st.lists(st.integers(0, GRID), min_size=1, max_size=40).map(tuple)
SEEDS = st.integers(0, MAX_SEED)
SOURCES = st.one_of(st.integers(0, MAX_INDEX).map(TestImage), st.builds(Prior, SEEDS), st.builds(UserImage, RATES))
NAMES = st.text(min_size=1, max_size=30).filter(str.isprintable)
VALUES = st.text(max_size=20).filter(str.isprintable)
VIEWS = st.dictionaries(NAMES, VALUES, max_size=4).map(lambda view: tuple(view.items()))
STATES = st.builds(
    State,
    NAMES,
    SOURCES,
    RATES,
    SEEDS,
    st.sampled_from(["bernoulli", "systematic"]),
    st.integers(1, MAX_STEPS),
    st.sampled_from(["effect", "usage", "index"]),
    st.dictionaries(NAMES, st.text(max_size=20).filter(lambda t: t.isprintable()), max_size=4).map(
        lambda d: tuple(d.items())
    ),
)
PLAIN = State("mnist", TestImage(42), (0, GRID // 2, GRID), 7, "bernoulli", 16)


@given(STATES)
def test_a_link_brings_back_the_state(state):
    assert decode(encode(state)) == state


@given(STATES)
def test_a_link_needs_no_escapes_of_the_browser(state):
    assert all(c.isascii() and (c.isalnum() or c in "-_.~%,:") for c in encode(state))


@given(st.text(max_size=200) | st.builds(lambda s, i: encode(s)[:i], STATES, st.integers(0, 60)))
def test_nonsense_is_refused_and_nothing_else_happens(text):
    with contextlib.suppress(LinkError):
        assert isinstance(decode(text), State)


@pytest.mark.parametrize(
    ("part", "text", "message"),
    [
        (0, "1", "version: expected 2, found '1'"),
        (1, "", "model: expected 1 to 200 characters"),
        (1, "%00", "model: expected 1 to 200 characters"),
        (1, "%ff", "model: expected 1 to 200 characters"),
        (2, "x9", "source: expected t, p or o, found 'x9'"),
        (2, "t-1", "test image: expected a whole number"),
        (2, "p99999999999", "prior seed: expected a whole number"),
        (2, "or.!!", "rates of the picture: expected base64url"),
        (3, "q16", "sampler: expected b or s"),
        (3, "b0", "time steps: expected a whole number from 1 to 64, found '0'"),
        (3, "b65", "time steps"),
        (4, "-1", "noise seed"),
        (4, "\u0661", "noise seed"),
        (4, "2147483648", "noise seed"),
        (5, "z", "order: expected e, u, i"),
        (6, "", "rates: expected r or k"),
        (6, "r.", "rates: expected 1 to 4096 numbers of 2 bytes, found 0 bytes"),
        (6, "r.AAAA", "rates: expected 1 to 4096 numbers of 2 bytes, found 3 bytes"),
        (6, "r.__8", "rates: expected each to be at most 46080, found 65535"),
        (6, "k16x3.AA", "rates: expected 3 numbers of 5 bits, found 1 bytes"),
        (6, "k16x0.", "rates: expected r or k"),
        (6, "k7x1.AA", "rates: expected r or k"),
        (6, "k16x1._w", "rates: expected each to be at most 16/16, found 31/16"),
        (7, "a:1,a:2", "view: expected each name once"),
        (7, ":1", "view: expected 1 to 40 characters"),
        (7, ",".join(f"n{i}:" for i in range(65)), "view: expected at most 64 entries, found 65"),
    ],
)
def test_every_part_of_a_link_is_checked(part, text, message):
    parts = [*encode(PLAIN).split("~"), "tab:draw"]
    parts[part] = text
    with pytest.raises(LinkError, match="^" + re.escape(message)):
        decode("~".join(parts))


def test_a_link_that_was_cut_short_says_so():
    with pytest.raises(LinkError, match="expected 7 or 8 parts, found 4; the link may have been cut short"):
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
    state = replace(PLAIN, model="a~b/ü %7E")
    assert decode(encode(state)) == state


@given(RATES)
def test_packed_rates_come_back(rates):
    assert unpack(pack(rates), "rates") == rates


def test_links_of_128_dimensions_stay_short():
    assert len(pack(tuple(to_grid(np.arange(128) % 17 / 16)))) < 120
    assert len(pack((1,) * 128)) < 350


def test_the_page_reads_and_writes_the_same_links():
    """`tests/app/web/url_state.test.mjs` holds the page's twin against the same file."""
    known = json.loads((Path(__file__).parent / "link_vectors.json").read_text())
    for case in known["good"]:
        state = decode(case["text"])
        assert json.loads(json.dumps(asdict(state))) == case["state"]
        assert encode(state) == case["text"]
    for case in known["bad"]:
        with pytest.raises(LinkError) as caught:
            decode(case["text"])
        assert str(caught.value) == case["message"]
