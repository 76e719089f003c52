"""The suite: what it runs, what it keeps, and what it never mixes."""

from __future__ import annotations

import pytest
import torch

from esvae_core.cli.suite import GROUPS as NAMED
from esvae_core.errors import InputError
from esvae_core.evaluation import suite
from esvae_core.evaluation.subject import subject_of
from esvae_core.evaluation.suite import FULL, GROUPS, QUICK, Bench, Plan, parse_suite, run_suite, some

from .made import image_set

SMALL = Plan(
    name="small", seeds=1, images=12, train_images=40, samples=12, sampling_images=4, curve_images=4, cost_images=4
)


@pytest.fixture
def bench(tiny):
    return Bench(subject_of(tiny), image_set(20, 1), lambda: image_set(80, 2, split="train"), SMALL)


@pytest.fixture
def counted(monkeypatch):
    """How often each group is really measured."""
    calls = []

    def count(name, measure):
        return lambda bench, report: (calls.append(name), measure(bench, report))[1]

    monkeypatch.setattr(suite, "GROUPS", {name: count(name, measure) for name, measure in GROUPS.items()})
    return calls


def test_all_groups_run_and_say_what_they_are(bench):
    seen = []
    report = run_suite(bench, "tiny", report=lambda *words: seen.append(words))
    assert [group.name for group in report.groups] == list(GROUPS)
    assert (report.time_steps, report.sampler, report.dataset) == (4, "bernoulli", "made")
    assert [group for group, done, total in seen if done == total][-1] == "cost"
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_the_command_knows_the_groups():
    assert tuple(GROUPS) == NAMED


def test_words_of_the_suite():
    assert parse_suite("full") == (FULL, tuple(GROUPS))
    assert parse_suite("quick") == (QUICK, tuple(GROUPS))
    assert parse_suite("cost, latent,cost") == (FULL, ("cost", "latent"))
    with pytest.raises(InputError, match="'colour' is not known; there are full, quick, reconstruction"):
        parse_suite("cost,colour")


def test_finished_groups_are_kept(bench, counted, tmp_path):
    kept = tmp_path / "kept.json"
    first = run_suite(bench, "tiny", ["reconstruction"], kept=kept)
    both = run_suite(bench, "tiny", ["reconstruction", "cost"], kept=kept)
    assert counted == ["reconstruction", "cost"]
    assert both.groups[0] == first.groups[0]
    run_suite(bench, "tiny", ["cost"])  # without a file nothing is kept
    assert counted == ["reconstruction", "cost", "cost"]


def test_a_run_that_stops_goes_on_where_it_was(bench, counted, tmp_path, monkeypatch):
    kept = tmp_path / "kept.json"
    measure = suite.GROUPS["cost"]

    def stop(bench, report):
        raise KeyboardInterrupt

    monkeypatch.setitem(suite.GROUPS, "cost", stop)
    with pytest.raises(KeyboardInterrupt):
        run_suite(bench, "tiny", ["reconstruction", "cost"], kept=kept)
    monkeypatch.setitem(suite.GROUPS, "cost", measure)
    report = run_suite(bench, "tiny", ["reconstruction", "cost"], kept=kept)
    assert counted == ["reconstruction", "cost"]
    assert [group.name for group in report.groups] == ["reconstruction", "cost"]


def test_another_model_plan_data_or_sampler_is_measured_anew(bench, tiny, counted, tmp_path):
    kept = tmp_path / "kept.json"
    others = [
        bench,
        Bench(bench.subject, bench.test, bench.train, SMALL.model_copy(update={"seeds": 2})),
        Bench(subject_of(tiny, sampler="systematic"), bench.test, bench.train, SMALL),
        Bench(subject_of(tiny, steps=5), bench.test, bench.train, SMALL),
    ]
    found = [run_suite(other, "tiny", ["reconstruction"], kept=kept).groups[0] for other in others]
    with torch.no_grad():
        tiny.readout.bias.add_(0.1)
    found.append(run_suite(bench, "tiny", ["reconstruction"], kept=kept).groups[0])
    assert len(counted) == 5
    assert len({group.figures[0].value for group in found}) == 5


def test_a_file_of_something_else_is_refused(bench, tmp_path):
    for content in (b"{", b"[1]", b'{"a": {"name": 3}}'):
        (tmp_path / "kept.json").write_bytes(content)
        with pytest.raises(InputError, match=r"kept\.json: expected finished groups"):
            run_suite(bench, "tiny", ["cost"], kept=tmp_path / "kept.json")


def test_some_images_are_drawn_at_random_and_the_same_each_time():
    data = image_set(100)
    few = some(data, 10)
    assert len(few) == 10
    assert few.indices.tolist() == some(data, 10).indices.tolist() != list(range(10))
    assert some(data, None) is data
    assert some(data, 100) is data
