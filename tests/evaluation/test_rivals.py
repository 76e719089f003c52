"""The suite on the rivals: every group runs on every kind of model."""

from __future__ import annotations

import pytest
import torch

from esvae_core.config import KINDS
from esvae_core.evaluation.adapter import RateAdapter, adapter_of
from esvae_core.evaluation.suite import GROUPS, EvaluationTask, SuiteSize, run_suite
from esvae_core.model_kinds import build

from .made import image_set

TINY = SuiteSize(
    name="tiny", seeds=1, images=12, train_images=40, samples=12, sampling_images=4, curve_images=4, cost_images=4
)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "esvae"])
def test_every_group_measures_every_rival(kind):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build(KINDS[kind](image_size=8, channels=(4,), latent_dim=3)).eval()
    adapter = adapter_of(model)
    assert not isinstance(adapter, RateAdapter)
    report = run_suite(EvaluationTask(adapter, image_set(20, 1), lambda: image_set(60, 2, split="train"), TINY), kind)
    assert [group.name for group in report.groups] == list(GROUPS)
    found = {figure.name: figure for group in report.groups for figure in group.figures}
    assert found["MSE on [-1, 1]"].value > 0
    assert found["energy per image in uJ, the same quantised to 5 bits"].value > 0
    assert report.time_steps == (16 if kind == "fsvae" else None)
    assert found["MSE by kind of spikes"].note == "does not apply: no rates"
