import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from esvae_core.data.splits import held_out


@given(
    labels=st.lists(st.integers(0, 5), min_size=2, max_size=200),
    fraction=st.floats(0.001, 0.999),
    seed=st.integers(0, 2**31),
)
def test_the_share_is_exact_in_total_and_to_within_one_per_class(labels, fraction, seed):
    labels = np.array(labels)
    taken = held_out(labels, fraction, seed)
    count = min(max(round(fraction * len(labels)), 1), len(labels) - 1)
    assert taken.sum() == count
    for label in set(labels):
        assert abs(taken[labels == label].sum() - (labels == label).sum() * count / len(labels)) <= 1 + 1e-9


def test_the_seed_decides():
    labels = np.arange(600) % 10
    first, again, other = (held_out(labels, 1 / 12, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.bincount(labels[first]).tolist() == [5] * 10


def test_one_or_no_image_is_left_where_it_is():
    assert held_out(np.array([3]), 0.9, 0).tolist() == [False]
    assert held_out(np.array([], int), 0.5, 0).tolist() == []
