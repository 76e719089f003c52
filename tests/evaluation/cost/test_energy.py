"""Energy by hand."""

from __future__ import annotations

import pytest

from esvae_core.evaluation.cost.energy import microjoule, multiply_add


def test_float_and_quantised_multiply_adds():
    assert multiply_add() == pytest.approx(4.6)
    assert multiply_add(8) == pytest.approx(0.3)
    assert multiply_add(5) == pytest.approx(0.2 * 25 / 64 + 0.1)


def test_energy_of_an_image():
    assert microjoule(1e6) == pytest.approx(0.9)
    assert microjoule(1e6, 1e6) == pytest.approx(4.6)
