"""Which mix of fields a control gets."""

from __future__ import annotations

import numpy as np
import pytest

from esvae_core.controls.calibration import ResponseProbe, _mixed
from esvae_core.controls.directions import straight
from esvae_core.controls.meter import Readings


class Plane:
    """In place of a probe: two numbers of a plane; where its second coordinate changes, a share of the classes does."""

    def __init__(self, lost: float) -> None:
        self.lost = lost

    def effect(self, field, far):
        across, up = far * field.shift
        return np.array([across, 0.5 * across - up]), self.lost * float(abs(up) > 0.2)


@pytest.mark.parametrize(("lost", "corrected"), [(0.1, True), (0.8, False)])
def test_a_side_effect_is_corrected_unless_that_costs_the_class(lost, corrected):
    own, helper = straight(np.array([1.0, 0.0])), straight(np.array([0.0, 1.0]))
    responses = np.array([[1.0, 0.5], [0.0, -1.0]])
    mix = _mixed(Plane(lost), [own, helper], responses, np.array([0, 1]), 1.0)
    assert mix.shift[0] == pytest.approx(1, abs=0.1)
    assert mix.shift[1] == pytest.approx(0.5 if corrected else 0, abs=0.1)


class Meter:
    scale = np.ones(1)

    def change(self, after, before):
        return after - before


@pytest.mark.parametrize(
    ("after", "wanted"), [({"class": np.eye(3)[[0, 2, 2, 1]]}, 0.5), ({}, 0.0)], ids=["classes", "no classes"]
)
def test_the_share_of_pictures_of_another_class_is_measured(after, wanted):
    class Probe(ResponseProbe):
        def read(self, places):
            return Readings(numbers=np.array([[1.0], [np.nan], [2.0], [3.0]]), shares=after)

    before = Readings(numbers=np.zeros((4, 1)), shares={"class": np.eye(3)[[0, 1, 2, 0]]})
    probe = Probe(None, Meter(), "plain", np.zeros(1), np.zeros((4, 1)), before, 0)
    changes, lost = probe.effect(straight(np.ones(1)), 1.0)
    assert changes.tolist() == [2.0]
    assert lost == wanted
