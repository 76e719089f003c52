import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from esvae_core.errors import InputError
from esvae_core.explore.map import SCALE, MapSettings, build_map, map_key, quantised, trust

FEW = MapSettings(neighbors=8)


def clumps(count=90, dims=6):
    """Three kinds of rate vectors, far apart."""
    rng = np.random.default_rng(0)
    centres = np.array([[0.1] * dims, [0.5] * dims, [0.9] * dims])
    kinds = np.arange(count) % 3
    return np.clip(centres[kinds] + rng.normal(0, 0.04, (count, dims)), 0, 1).astype(np.float32), kinds


@pytest.fixture(scope="module")
def drawn():
    shares = []
    return build_map(clumps()[0], FEW, shares.append), shares


def test_what_is_near_in_the_latent_is_near_on_the_map(drawn):
    _, kinds = clumps()
    for layout, axes in ((drawn[0].flat, 2), (drawn[0].solid, 3)):
        assert layout.positions.shape == (90, axes)
        assert layout.positions.dtype == np.uint16
        apart = np.linalg.norm(layout.positions[:, None].astype(float) - layout.positions, axis=-1)
        np.fill_diagonal(apart, np.inf)
        assert (kinds[apart.argmin(1)] == kinds).all()
        assert layout.trust > 0.85
        assert layout.point_trust.mean() / 255 == pytest.approx(layout.trust, abs=2e-3)


def test_it_is_the_same_every_time_and_another_with_another_seed(drawn):
    again = build_map(clumps()[0], FEW)
    assert np.array_equal(again.flat.positions, drawn[0].flat.positions)
    assert np.array_equal(again.solid.positions, drawn[0].solid.positions)
    other = build_map(clumps()[0], MapSettings(neighbors=8, seed=1))
    assert not np.array_equal(other.flat.positions, drawn[0].flat.positions)


def test_its_progress_rises_from_nothing_to_all(drawn):
    shares = drawn[1]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert len(shares) > 3  # how often it is told depends on the machine


def test_an_exception_from_the_report_ends_the_work():
    class Enough(Exception):
        pass

    told = []

    def report(share):
        told.append(share)
        if share > 0.2:
            raise Enough

    with pytest.raises(Enough):
        build_map(clumps()[0], FEW, report)
    assert sum(share > 0.2 for share in told) == 1


@pytest.mark.parametrize("metric", ["geodesic", "manhattan", "cosine"])
def test_other_metrics_make_other_maps_that_can_be_trusted(drawn, metric):
    other = build_map(clumps()[0], MapSettings(neighbors=8, metric=metric))
    assert not np.array_equal(other.flat.positions, drawn[0].flat.positions)
    assert other.flat.trust > 0.7


def test_equal_rates_and_few_dimensions_are_no_trouble():
    same = np.zeros((30, 2), np.float32)
    same[15:] = 1
    layout = build_map(same, MapSettings(neighbors=100)).solid
    assert layout.positions.shape == (30, 3)
    assert layout.trust > 0.7


def test_the_key_names_rates_and_settings():
    rates, _ = clumps()
    other = rates.copy()
    other[0, 0] += 1 / 16
    keys = [map_key(rates, FEW), map_key(other, FEW), map_key(rates, MapSettings()), map_key(rates.reshape(-1, 3), FEW)]
    assert len(set(keys)) == 4
    assert keys[0] == map_key(rates.copy(), MapSettings(neighbors=8))


def test_positions_keep_their_proportions():
    whole = quantised(np.array([[0.0, 5.0], [10.0, 5.0], [5.0, 7.5], [2.5, 5.0]]))
    assert whole.tolist() == [[0, 24576], [SCALE, 24576], [32768, 40959], [16384, 24576]]


def test_all_points_in_one_place():
    assert (quantised(np.ones((4, 2))) == 32768).all()


def test_trust_is_what_scikit_learn_says():
    rng = np.random.default_rng(1)
    rates, places = rng.random((700, 5)), rng.random((700, 2))  # more than one block
    assert trust(rates, places, neighbors=12).mean() == pytest.approx(trustworthiness(rates, places, n_neighbors=12))


def test_trust_of_a_line_by_hand():
    rates = np.arange(7.0)[:, None] / 7
    assert (trust(rates, rates, neighbors=2) == 1).all()
    swapped = rates.copy()
    swapped[[0, 6]] = swapped[[6, 0]]
    # on the map, the first lies beside the last but one and the one before: ranks 5 and 4 for 2 neighbours
    assert trust(rates, swapped, neighbors=2)[0] == pytest.approx(1 - 2 / (2 * (14 - 6 - 1)) * (3 + 2))


def test_one_point_out_of_place_is_the_one_not_to_trust():
    rates, _ = clumps()
    places = rates[:, :2].copy()
    places[0] = places[2]  # of the first kind, shown among the third
    each = trust(rates, places)
    assert each.argmin() == 0
    assert each[0] < 0.5 < each[1:].min()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"neighbors": 1}, "neighbors: expected 2 to 200, got 1"),
        ({"min_dist": 1.5}, "min_dist: expected 0 to 1"),
        ({"min_dist": float("nan")}, "min_dist: expected 0 to 1"),
        ({"metric": "haversine"}, "metric: expected one of euclidean"),
        ({"seed": -1}, "seed: expected 0"),
    ],
)
def test_settings_out_of_range_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        MapSettings(**settings)


def test_too_few_points_are_refused():
    with pytest.raises(InputError, match="expected at least 20 rate vectors"):
        build_map(np.zeros((19, 4)), FEW)
    with pytest.raises(InputError, match="less than half of 20 points"):
        trust(np.zeros((20, 4)), np.zeros((20, 2)), neighbors=10)


@pytest.mark.parametrize("level", [0.0, 0.25, 1.0])
def test_equal_rates_are_nothing_to_map(level):
    with pytest.raises(InputError, match="all rates are equal: there is nothing to map"):
        build_map(np.full((50, 3), level, np.float32), FEW)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1, 1.5])
def test_what_is_no_rate_is_not_mapped(bad):
    rates = clumps()[0].copy()
    rates[7, 1] = bad
    with pytest.raises(InputError, match="first in row 7"):
        build_map(rates, FEW)
