"""When a run warns of its latent."""

from __future__ import annotations

import csv
import logging

import pytest
import torch

from esvae_core.training.latent_warning import latent_warning
from esvae_core.training.log import write_csv
from esvae_core.training.objectives.esvae import ESVAEObjective
from esvae_core.training.trainer import Hardware, train

from .test_trainer import made


def rows(*shares, state="silent"):
    return [{"epoch": i, f"validation_{state}": share} for i, share in enumerate(shares, 1)]


@pytest.mark.parametrize(
    ("shares", "warns"),
    [
        ([0.9], False),  # the first epochs may be so
        ([0.9, 0.9], True),
        ([0.1, 0.9], False),
        ([0.1, 0.9, 0.9], True),
        ([0.9, 0.9, 0.9], False),  # it was said before
        ([0.9, 0.9, 0.1, 0.9, 0.9], True),  # it came back
        ([0.5, 0.5], False),
    ],
)
@pytest.mark.parametrize(("state", "words"), [("silent", "no validation image"), ("saturated", "every step")])
def test_it_is_said_once_when_it_stays(shares, warns, state, words):
    said = latent_warning(rows(*shares, state=state))
    assert (said is not None) == warns
    if said:
        assert said.startswith(f"epoch {len(shares)}: 90%")
        assert words in said


def test_rows_without_the_figures_say_nothing():
    assert latent_warning([{"epoch": 1}, {"epoch": 2}]) is None


@pytest.mark.parametrize(("bias", "state"), [(-50.0, "silent"), (50.0, "saturated")])
def test_validation_counts_neurons_that_never_change(tiny, bias, state):
    with torch.no_grad():
        tiny.to_latent.norm.bias[:4] = bias
    images = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    objective = ESVAEObjective(tiny, made().train)
    found = objective.validate(tiny, [images], torch.Generator().manual_seed(0))
    assert found[state] >= 4 / 6
    other = {"silent": "saturated", "saturated": "silent"}[state]
    assert found[other] <= 2 / 6


def test_a_run_says_it_at_the_second_such_epoch_and_logs_the_share(tmp_path, caplog, monkeypatch):
    validate = ESVAEObjective.validate
    monkeypatch.setattr(ESVAEObjective, "validate", lambda *given: validate(*given) | {"silent": 0.75})
    with caplog.at_level(logging.WARNING, logger="esvae_core.training.trainer"):
        train(made(epochs=3), tmp_path / "run", hardware=Hardware("cpu"))
    said = [record.message for record in caplog.records if "latent neurons" in record.message]
    assert len(said) == 1
    assert said[0].startswith("epoch 2: 75% of the latent neurons fire for no validation image")
    with (tmp_path / "run" / "log.csv").open() as file:
        assert [row["validation_silent"] for row in csv.DictReader(file)] == ["0.75"] * 3


def test_a_log_with_more_columns_than_its_first_row_is_written_whole(tmp_path):
    write_csv(tmp_path / "log.csv", [{"epoch": 1.0}, {"epoch": 2.0, "validation_silent": 0.5}])
    assert (tmp_path / "log.csv").read_text() == "epoch,validation_silent\n1,\n2,0.5\n"
