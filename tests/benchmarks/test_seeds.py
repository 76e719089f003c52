"""Runs that differ in their seed are put together, and no others."""

from __future__ import annotations

import pytest

from benchmarks import seeds
from esvae_core import checkpoint
from esvae_core.checkpoint import Header, TrainingRecord
from esvae_core.config import ModelConfig, TrainConfig
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.results import Figure, Group
from esvae_core.evaluation.suite import QUICK, SuiteReport


@pytest.fixture
def run(tmp_path):
    model = ESVAE(ModelConfig(image_size=8, channels=(2,), latent_dim=3, time_steps=4))

    def make(seed, error, sap=None, epochs=2):
        folder = tmp_path / f"run-{seed}"
        folder.mkdir()
        rows = [(2, 0.01), (4, error + 0.1), (4, error)]
        curve = tuple({"time_steps": steps, "validation_mse": mse} for steps, mse in rows)
        settings = TrainConfig(epochs=epochs, seed=seed)
        header = Header(name="small", model=model.config, train=settings, training=TrainingRecord(curve=curve))
        checkpoint.save(folder / "model.safetensors", model.state_dict(), header)
        if sap is not None:
            figures = (Figure(name="SAP", value=sap), Figure(name="FID", note="not measured"))
            group = Group(name="disentanglement", protocol="", figures=figures)
            what = {"checkpoint_sha256": "", "dataset": "x", "dataset_sha256": "", "split": "test", "plan": QUICK}
            (folder / "suite.json").write_text(SuiteReport(name="small", groups=(group,), **what).model_dump_json())
        return folder

    return make


def test_mean_and_deviation_of_what_all_runs_have(run):
    lines = seeds.table([run(3, 0.25, sap=0.5), run(5, 0.75, sap=1.5)]).splitlines()
    assert lines == [
        "| small, 2 epochs | mean | seed 3 | seed 5 |",
        "| --- | ---: | ---: | ---: |",
        "| validation MSE | 0.5000 ± 0.3536 | 0.2500 | 0.7500 |",
        "| SAP | 1.0000 ± 0.7071 | 0.5000 | 1.5000 |",
    ]


def test_what_one_run_lacks_is_left_out(run):
    assert len(seeds.table([run(0, 0.25, sap=0.5), run(1, 0.5)]).splitlines()) == 3


def test_other_settings_are_refused(run):
    with pytest.raises(SystemExit, match="run-1: its settings differ"):
        seeds.table([run(0, 0.25), run(1, 0.5, epochs=3)])
