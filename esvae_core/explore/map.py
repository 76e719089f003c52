"""A map of firing rates: points in the plane and in space whose neighbours are neighbours in the latent, mostly.

The layout is UMAP's (McInnes, Healy & Melville, arXiv 1802.03426), seeded and on one thread, so that it repeats. How
far to believe it is measured too: see `trust`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError, OutputError

Metric = Literal["euclidean", "geodesic", "manhattan", "cosine"]
METRICS: tuple[Metric, ...] = get_args(Metric)

MIN_POINTS = 20  # fewer are better looked at one by one
MAX_NEIGHBORS = 200
TRUST_NEIGHBORS = 10
SCALE = 2**16 - 1  # positions are whole numbers from 0 to this
_GRAPH_SHARE = 0.1  # of the work, before any point moves; measured with 2,000 points
_BLOCK = 500  # rows of the distance matrix at a time

Progress = Callable[[float], None]


@dataclass(frozen=True)
class MapSettings:
    """What a map depends on beside the rates.

    Attributes:
        neighbors: How many nearest points each one is tied to, 2 to 200: few show detail, many the whole.
        min_dist: How close points may lie, 0 to 1: small values make dense clumps.
        metric: Distance between rate vectors. 'geodesic' is what the noise of sampling can tell apart
            (docs/math.md, equation 11).
        seed: Of the layout.

    Raises:
        InputError: if one of them is out of its range.
    """

    neighbors: int = 15
    min_dist: float = 0.1
    metric: Metric = "euclidean"
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.neighbors, int) or not 2 <= self.neighbors <= MAX_NEIGHBORS:
            raise InputError(f"neighbors: expected 2 to {MAX_NEIGHBORS}, got {self.neighbors}")
        if not 0 <= self.min_dist <= 1:
            raise InputError(f"min_dist: expected 0 to 1, got {self.min_dist}")
        if self.metric not in METRICS:
            raise InputError(f"metric: expected one of {', '.join(METRICS)}, got {self.metric!r}")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed: expected 0 to {2**32 - 1}, got {self.seed}")


@dataclass(frozen=True, eq=False)
class Layout:
    """Where N points lie.

    Attributes:
        positions: (N, 2) or (N, 3) uint16. One unit is as long along every axis; the longest spans 0 to SCALE.
        trust: Trustworthiness of the whole, 0 to 1, see `trust`.
        point_trust: (N,) uint8: that of each point, in units of 1/255.
    """

    positions: NDArray[np.uint16]
    trust: float
    point_trust: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class RateMap:
    """The same points in the plane and in space."""

    settings: MapSettings
    flat: Layout
    solid: Layout


def map_key(rates: NDArray[np.floating], settings: MapSettings) -> str:
    """SHA-256 of all that a map depends on: rates, settings, and the version of UMAP."""
    about = {**asdict(settings), "shape": rates.shape, "umap": version("umap-learn"), "format": 1}
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(rates, "<f4").tobytes())
    return digest.hexdigest()


def build_map(rates: NDArray[np.floating], settings: MapSettings, report: Progress | None = None) -> RateMap:
    """Lay out rate vectors in two and in three dimensions.

    Args:
        rates: (N, d) in [0, 1], at least MIN_POINTS of them, not all equal.
        settings: More neighbors than there are other points mean all of them.
        report: Called with the share of the work that is done, 0 to 1; an exception from it ends the work.

    Raises:
        InputError: as `check_mappable`.
        OutputError: no folder can be written that the compiled code of UMAP is kept in.
    """
    check_mappable(rates)
    umap = _umap()
    tell = report or (lambda share: None)
    tell(0.0)
    points, metric = _space(rates, settings.metric)
    count = min(settings.neighbors, len(points) - 1)
    near, distances = _nearest(points, metric, count)
    random = np.random.RandomState(settings.seed)  # what UMAP takes
    graph, _, _ = umap.fuzzy_simplicial_set(
        points, count, random, metric, knn_indices=near, knn_dists=distances.astype(np.float32)
    )
    tell(_GRAPH_SHARE)
    a, b = umap.find_ab_params(1.0, settings.min_dist)

    def layout(axes: int, start: float, end: float) -> Layout:
        positions, _ = umap.simplicial_set_embedding(
            points,
            graph.copy(),
            axes,
            initial_alpha=1.0,
            a=a,
            b=b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=None,
            init="pca" if min(points.shape) >= axes else "random",
            random_state=np.random.RandomState(settings.seed),
            metric=metric,
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
            parallel=False,
            tqdm_kwds=_Progress(lambda share: tell(start + (end - start) * share)).keywords,
        )
        whole = quantised(positions)
        each = trust(rates, whole, settings.metric)
        return Layout(whole, float(each.mean()), np.rint(each * 255).astype(np.uint8))

    middle = _GRAPH_SHARE + (1 - _GRAPH_SHARE) * 0.45
    made = RateMap(settings, flat=layout(2, _GRAPH_SHARE, middle), solid=layout(3, middle, 1.0))
    tell(1.0)
    return made


def _umap() -> ModuleType:
    """UMAP, whose code is compiled and kept when it is first used."""
    from esvae_core.numba_jit import cached  # half a second, and 60 MB

    try:
        return cached(lambda: import_module("umap.umap_"))
    except RuntimeError as error:
        raise OutputError(
            f"map: expected a folder for compiled code that can be written; name one in NUMBA_CACHE_DIR ({error})"
        ) from error


def check_mappable(rates: NDArray[np.floating]) -> None:
    """Whether there is anything to map.

    Raises:
        InputError: there are too few rate vectors, they are no numbers in [0, 1], or all are equal: a layout of these
            would show nothing but its own noise.
    """
    if rates.ndim != 2 or len(rates) < MIN_POINTS:
        raise InputError(f"map: expected at least {MIN_POINTS} rate vectors, got shape {rates.shape}")
    wrong = np.flatnonzero(~((rates >= 0) & (rates <= 1)).all(1))
    if len(wrong):
        raise InputError(f"map: expected rates in [0, 1], found values outside or not numbers, first in row {wrong[0]}")
    if bool((rates == rates[0]).all()):
        raise InputError("map: all rates are equal: there is nothing to map")


def quantised(positions: NDArray[np.floating]) -> NDArray[np.uint16]:
    """(N, D) positions -> whole numbers from 0 to SCALE: one scale for all axes, each centred.

    Raises:
        InputError: if a position is not finite.
    """
    if not np.isfinite(positions).all():
        raise InputError("map: these rates give positions that are not finite")
    low, high = positions.min(0).astype(np.float64), positions.max(0).astype(np.float64)
    longest = (high - low).max() or 1.0
    whole: NDArray[np.uint16] = np.rint(SCALE * ((positions - (low + high) / 2) / longest + 0.5)).astype(np.uint16)
    return whole


def trust(
    rates: NDArray[np.floating],
    positions: NDArray[Any],
    metric: Metric = "euclidean",
    neighbors: int = TRUST_NEIGHBORS,
) -> NDArray[np.float64]:
    """Trustworthiness of each point; its mean is that of the map (Venna & Kaski, Neural Networks 19, 2006).

    Of a point's nearest `neighbors` on the map, each that is not among its nearest in the latent costs as many ranks as
    it is too far away there (docs/math.md, equation 19). 1: all neighbours on the map are neighbours in the latent; 0:
    they could not be further.

    Args:
        rates: (N, d).
        positions: (N, D) on the map.
        metric: Distance between rates.
        neighbors: k, less than N / 2.

    Returns:
        (N,) in [0, 1].

    Raises:
        InputError: if k is too large for N.
    """
    count = len(rates)
    if not 1 <= neighbors < count / 2:
        raise InputError(f"neighbors: expected 1 to less than half of {count} points, got {neighbors}")
    from sklearn.metrics import pairwise_distances

    points, name = _space(rates, metric)
    placed = positions.astype(np.float64)
    cost = np.zeros(count)
    for start in range(0, count, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, count))
        apart = pairwise_distances(points[rows], points, metric=name)
        apart[np.arange(len(rows)), rows] = -1  # each is its own nearest, also where others are the same
        on_map = pairwise_distances(placed[rows], placed)
        on_map[np.arange(len(rows)), rows] = np.inf
        near = np.argpartition(on_map, neighbors, axis=1)[:, :neighbors]
        ordered = np.sort(apart, axis=1)
        for place, row in enumerate(rows):
            # a rank is 1 + the number of others that are nearer, so equal distances have equal ranks
            ranks = np.searchsorted(ordered[place], apart[place, near[place]], side="left")
            cost[row] = np.maximum(ranks - neighbors, 0).sum()
    worst = neighbors * (2 * count - 3 * neighbors - 1) / 2
    return 1 - cost / worst


def _space(rates: NDArray[np.floating], metric: Metric) -> tuple[NDArray[np.float32], str]:
    """Rates as points of a space whose distance scikit-learn and UMAP know by the name that comes with them."""
    points = np.ascontiguousarray(rates, np.float32)
    if metric == "geodesic":  # equation 11 without its factor 2 sqrt(T), which moves no point
        return np.arcsin(np.sqrt(points)), "euclidean"
    return points, metric


def _nearest(points: NDArray[np.float32], metric: str, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(N, count) nearest points of each, itself among them, and their distances: all of them tried."""
    from sklearn.neighbors import NearestNeighbors

    distances, near = NearestNeighbors(n_neighbors=count, algorithm="brute", metric=metric).fit(points).kneighbors()
    itself = np.arange(len(points))[:, None]
    return np.hstack([itself, near])[:, :count], np.hstack([np.zeros((len(points), 1)), distances])[:, :count]


class _Progress:
    """A file for UMAP's progress bar to write to; the bar's numbers become calls of `tell`."""

    def __init__(self, tell: Progress) -> None:
        self._tell = tell
        self._ended = False  # after an exception the bar closes, which writes once more
        form = "{percentage}"
        self.keywords = {"file": self, "bar_format": form, "mininterval": 0.1, "disable": False, "leave": False}

    def write(self, text: str) -> None:
        try:
            share = float(text.strip()) / 100
        except ValueError:
            return  # blanks that clear the line
        if self._ended:
            return
        try:
            self._tell(share)
        except BaseException:
            self._ended = True
            raise

    def flush(self) -> None:
        """Nothing is held back."""
