"""The suite: what it runs, what it keeps, and what it never mixes."""

from __future__ import annotations

import pytest
import torch

from esvae_core import checkpoint
from esvae_core.checkpoint import Header, Metric
from esvae_core.cli.suite import GROUPS as NAMED
from esvae_core.errors import InputError
from esvae_core.evaluation import suite
from esvae_core.evaluation.adapter import adapter_of
from esvae_core.evaluation.generation import FADS, FLOOR
from esvae_core.evaluation.random_subset import some
from esvae_core.evaluation.results import Figure, Group
from esvae_core.evaluation.suite import (
    FULL,
    GROUPS,
    QUICK,
    EvaluationTask,
    SuiteReport,
    SuiteSize,
    parse_suite,
    run_suite,
)

from .made import image_set

SMALL = SuiteSize(
    name="small", seeds=1, images=12, train_images=40, samples=12, sampling_images=4, curve_images=4, cost_images=4
)


@pytest.fixture
def task(tiny):
    return EvaluationTask(adapter_of(tiny), image_set(20, 1), lambda: image_set(80, 2, split="train"), SMALL)


@pytest.fixture
def counted(monkeypatch):
    """How often each group is really measured."""
    calls = []

    def count(name, measure):
        return lambda task, report: (calls.append(name), measure(task, report))[1]

    monkeypatch.setattr(suite, "GROUPS", {name: count(name, measure) for name, measure in GROUPS.items()})
    return calls


def test_all_groups_run_and_say_what_they_are(task):
    seen = []
    report = run_suite(task, "tiny", report=lambda *words: seen.append(words))
    assert [group.name for group in report.groups] == list(GROUPS)
    assert (report.time_steps, report.sampler, report.dataset) == (4, "bernoulli", "made")
    assert [group for group, done, total in seen if done == total][-1] == "cost"
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_fad_goes_into_a_header_once(tmp_path, tiny):
    def reported(value, sampler):
        figures = [
            Figure(name=name, value=value if name in FADS else 2.5, deviation=0.25)
            for title in FADS
            for name in (title, f"{title}: {FLOOR}")
        ]
        group = Group(name="generation", protocol="how", figures=tuple(figures))
        about = {"name": "tiny", "checkpoint_sha256": "", "dataset": "made", "dataset_sha256": "", "split": "test"}
        return SuiteReport(**about, plan=SMALL, time_steps=4, sampler=sampler, groups=(group,))

    path = tmp_path / "tiny.safetensors"
    header = Header(name="tiny", model=tiny.config, metrics=(Metric(name="mse", value=1.0, protocol="test"),))
    checkpoint.save(path, tiny.state_dict(), header)
    for report in (reported(9.0, "bernoulli"), reported(8.0, "systematic"), reported(7.0, "bernoulli")):
        checkpoint.record(path, checkpoint.load(path), report.metrics())
    kept = checkpoint.load(path).header.metrics
    assert [(m.name, m.value) for m in kept] == [
        ("mse", 1),
        *((n, v) for v in (8, 7) for n in ("fad_published", "fad")),
    ]
    words = (
        "T = 4, bernoulli sampling, test split of made; ± 0.25 over 1 seeds; 12 samples; random train images score 2.50"
    )
    assert kept[-1].protocol == words
    assert SuiteReport.model_validate({**reported(9.0, "bernoulli").model_dump(), "groups": ()}).metrics() == ()


def test_the_command_knows_the_groups():
    assert tuple(GROUPS) == NAMED


def test_words_of_the_suite():
    assert parse_suite("full") == (FULL, tuple(GROUPS))
    assert parse_suite("quick") == (QUICK, tuple(GROUPS))
    assert parse_suite("cost, latent,cost") == (FULL, ("cost", "latent"))
    with pytest.raises(InputError, match="'colour' is not known; there are full, quick, reconstruction"):
        parse_suite("cost,colour")


def test_finished_groups_are_kept(task, counted, tmp_path):
    kept = tmp_path / "kept.json"
    first = run_suite(task, "tiny", ["reconstruction"], kept=kept)
    both = run_suite(task, "tiny", ["reconstruction", "cost"], kept=kept)
    assert counted == ["reconstruction", "cost"]
    assert both.groups[0] == first.groups[0]
    run_suite(task, "tiny", ["cost"])  # without a file nothing is kept
    assert counted == ["reconstruction", "cost", "cost"]


def test_a_run_that_stops_goes_on_where_it_was(task, counted, tmp_path, monkeypatch):
    kept = tmp_path / "kept.json"
    measure = suite.GROUPS["cost"]

    def stop(task, report):
        raise KeyboardInterrupt

    monkeypatch.setitem(suite.GROUPS, "cost", stop)
    with pytest.raises(KeyboardInterrupt):
        run_suite(task, "tiny", ["reconstruction", "cost"], kept=kept)
    monkeypatch.setitem(suite.GROUPS, "cost", measure)
    report = run_suite(task, "tiny", ["reconstruction", "cost"], kept=kept)
    assert counted == ["reconstruction", "cost"]
    assert [group.name for group in report.groups] == ["reconstruction", "cost"]


def test_another_model_plan_data_or_sampler_is_measured_anew(task, tiny, counted, tmp_path):
    kept = tmp_path / "kept.json"
    others = [
        task,
        EvaluationTask(task.adapter, task.test, task.train, SMALL.model_copy(update={"seeds": 2})),
        EvaluationTask(adapter_of(tiny, sampler="systematic"), task.test, task.train, SMALL),
        EvaluationTask(adapter_of(tiny, steps=5), task.test, task.train, SMALL),
    ]
    found = [run_suite(other, "tiny", ["reconstruction"], kept=kept).groups[0] for other in others]
    with torch.no_grad():
        tiny.readout.bias.add_(0.1)
    found.append(run_suite(task, "tiny", ["reconstruction"], kept=kept).groups[0])
    assert len(counted) == 5
    assert len({group.figures[0].value for group in found}) == 5


def test_a_file_of_something_else_is_refused(task, tmp_path):
    for content in (b"{", b"[1]", b'{"a": {"name": 3}}'):
        (tmp_path / "kept.json").write_bytes(content)
        with pytest.raises(InputError, match=r"kept\.json: expected finished groups"):
            run_suite(task, "tiny", ["cost"], kept=tmp_path / "kept.json")


def test_some_images_are_drawn_at_random_and_the_same_each_time():
    data = image_set(100)
    few = some(data, 10)
    assert len(few) == 10
    assert few.indices.tolist() == some(data, 10).indices.tolist() != list(range(10))
    assert some(data, None) is data
    assert some(data, 100) is data
