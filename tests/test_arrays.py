"""Rates and pictures on disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esvae_core.arrays import read_rates, write_rates
from esvae_core.errors import InputError

RATES = np.random.default_rng(0).random((5, 3)).astype(np.float32)


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".NPZ"])
@pytest.mark.parametrize("labels", [None, np.arange(5)])
def test_rates_come_back(suffix, labels, tmp_path):
    path = tmp_path / f"rates{suffix}"
    write_rates(path, RATES, list("abcde"), labels)
    np.testing.assert_array_equal(read_rates(path, 3), RATES)


def test_more_than_ten_columns_keep_their_order(tmp_path):
    rates = np.random.default_rng(1).random((4, 12)).astype(np.float32)
    write_rates(tmp_path / "r.parquet", rates, list("abcd"), None)
    np.testing.assert_array_equal(read_rates(tmp_path / "r.parquet", 12), rates)


def test_columns_are_found_by_their_number(tmp_path):
    """A table that went through other software may have its columns sorted by name: rate_10 before rate_2."""
    import pyarrow.parquet as pq

    rates = np.random.default_rng(1).random((4, 12)).astype(np.float32)
    path = tmp_path / "r.parquet"
    write_rates(path, rates, list("abcd"), None)
    table = pq.read_table(path)
    pq.write_table(table.select(sorted(table.column_names)), path)
    np.testing.assert_array_equal(read_rates(path, 12), rates)


def test_one_vector_is_a_table_of_one_row(tmp_path):
    np.savez(tmp_path / "r.npz", rates=RATES[0])
    assert read_rates(tmp_path / "r.npz", 3).shape == (1, 3)


@pytest.mark.parametrize("rates", [np.zeros((2, 4)), np.zeros((2, 3, 1)), np.zeros((0, 2))], ids=lambda r: str(r.shape))
def test_another_shape_is_refused_with_both(rates, tmp_path):
    np.savez(tmp_path / "r.npz", rates=rates)
    with pytest.raises(InputError) as caught:
        read_rates(tmp_path / "r.npz", 3)
    assert "(N, 3)" in str(caught.value)
    assert str(rates.shape) in str(caught.value)


NO_RATES = (
    np.full((1, 3), np.nan),
    np.full((1, 3), 1.01),
    np.full((1, 3), -0.01),
    np.array([["a"] * 3]),
    np.array([[None] * 3]),
    np.full((1, 3), 0.5j),
)


@pytest.mark.parametrize("bad", NO_RATES, ids=lambda b: str(b.ravel()[0]))
def test_values_that_are_no_rates_are_refused(bad, tmp_path):
    np.savez(tmp_path / "r.npz", rates=bad)
    with pytest.raises(InputError, match=r"r\.npz"):
        read_rates(tmp_path / "r.npz", 3)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for suffix in (".npz", ".parquet"):
        write_rates(folder / f"good{suffix}", RATES, list("abcde"), None)
    return folder


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_tables_give_rates_or_an_input_error(suffix, tables, data):
    raw = bytearray((tables / f"good{suffix}").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tables / f"damaged{suffix}"
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    try:
        rates = read_rates(path, 3)
    except InputError as refusal:
        message = str(refusal)
    else:
        message = str(path)
        assert rates.shape[1] == 3
    assert str(path) in message


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"", b"\xef\xbb\xbf# a note\n", b"\xef\xbb\xbfa,b,c\n"])
def test_a_byte_order_mark_drops_no_row(start, tmp_path):
    (tmp_path / "r.csv").write_bytes(start + b"0.25,0.5,1\n\n0,0,0.125\n")
    np.testing.assert_array_equal(read_rates(tmp_path / "r.csv", 3), np.array([[0.25, 0.5, 1], [0, 0, 0.125]], "f4"))


@pytest.mark.parametrize(
    "text", [b"0.5x,0.3,0.1\n0,0,0\n", b"0.1,0.2\n0,0,0\n", b"a,b,c\n", b"", "0,0,0\n".encode("utf-16")]
)
def test_a_row_that_is_no_numbers_is_not_passed_over(text, tmp_path):
    (tmp_path / "r.csv").write_bytes(text)
    with pytest.raises(InputError, match=r"r\.csv: no table of rates") as caught:
        read_rates(tmp_path / "r.csv", 3)
    assert "\n" not in str(caught.value)
