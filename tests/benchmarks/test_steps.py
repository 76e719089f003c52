"""The benchmark of training steps runs, and counts what it says it counts."""

from __future__ import annotations

import pytest

from benchmarks.steps import step_times
from esvae_core.presets import preset


@pytest.mark.slow
def test_as_many_steps_are_timed_as_were_asked_for():
    config = preset("digits")
    small = config.model_copy(update={"train": config.train.model_copy(update={"batch_size": 4})})
    times = step_times(small, 3, None, "cpu")
    assert len(times) == 3
    assert all(seconds > 0 for seconds in times)
