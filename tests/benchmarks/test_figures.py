"""Tables of several models from the files of the suite."""

from __future__ import annotations

import sys

import pytest

from benchmarks import figures
from esvae_core.evaluation.adapter import adapter_of
from esvae_core.evaluation.results import Curve, Figure, Group
from esvae_core.evaluation.suite import QUICK, EvaluationTask, SuiteReport, SuiteSize, run_suite
from tests.evaluation.made import image_set


def report(*groups):
    return SuiteReport(
        name="m", checkpoint_sha256="a", dataset="made", dataset_sha256="b", split="test", plan=QUICK, groups=groups
    )


FULL = report(
    Group(
        name="latent",
        protocol="",
        figures=(
            Figure(name="active dimensions", value=12.0),
            Figure(
                name="MMD of posterior and prior rates, random blocks of 500, unbiased", value=0.01, deviation=0.002
            ),
            Figure(name="dead dimensions", note="not measured"),
        ),
        curves=(
            Curve(
                name="accuracy, linear probe, rates",
                along="",
                x=(200, 1000, 1347),
                mean=(0.5, 0.6, 0.7),
                deviation=(0.1, 0.2, 0.0),
            ),
            Curve(name="accuracy, linear probe, PCA of 12", along="", x=(200, 1347), mean=(0.4, 0.8)),
        ),
    ),
    Group(name="cost", protocol="", figures=(Figure(name="additions per image, event-driven", value=2_345_678.0),)),
)
LITTLE = report(Group(name="latent", protocol="", figures=(Figure(name="active dimensions", value=3.0),)))


def test_figures_and_places_on_curves_become_cells():
    lines = figures.table({"one": FULL, "two": LITTLE}, "latent").splitlines()
    assert lines[0] == "| model | active | MMD, unbiased |"  # nobody has measured the others
    assert lines[2:] == ["| `one` | 12 | 0.0100 ± 0.0020 |", "| `two` | 3 | - |"]
    probes = figures.table({"one": FULL, "two": LITTLE}, "probes").splitlines()
    assert probes[2:] == ["| `one` | 0.500 ± 0.100 | 0.700 | 0.400 | 0.800 |"]  # and nothing of the other
    assert figures.table({"one": FULL}, "cost").splitlines()[2] == "| `one` | 2.3 |"


def test_the_tables_of_a_file_are_replaced(tmp_path, monkeypatch):
    suite, page = tmp_path / "mine.json", tmp_path / "page.md"
    suite.write_text(FULL.model_dump_json())
    page.write_text("\n".join(f"text <!-- table: {title} -->old<!-- end: {title} -->" for title in figures.TABLES))
    kept = tmp_path / "mine.groups.json"  # what the suite leaves beside it is no report
    kept.write_text("{}")
    monkeypatch.setattr(sys, "argv", ["figures", str(suite), str(kept), "--write", str(page)])
    figures.main()
    assert "old" not in page.read_text()
    assert "| `mine` | 12 | 0.0100 ± 0.0020 |" in page.read_text()
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="has no"):
        figures.main()
    assert page.read_text() == "no marks"


def test_rows_of_other_models_stay_where_one_is_added(tmp_path, monkeypatch):
    suite, page = tmp_path / "two.json", tmp_path / "page.md"
    tables = {title: figures.table({"one": FULL}, title) for title in figures.TABLES}
    page.write_text("".join(f"<!-- table: {t} -->\n\n{rows}\n\n<!-- end: {t} -->\n" for t, rows in tables.items()))
    suite.write_text(LITTLE.model_dump_json())
    monkeypatch.setattr(sys, "argv", ["figures", str(suite), "--add", "--write", str(page)])
    figures.main()
    found = {title: figures.table_in(page.read_text(), title) for title in figures.TABLES}
    assert found == {title: figures.table({"one": FULL, "two": LITTLE}, title) for title in figures.TABLES}
    suite.write_text(FULL.model_dump_json())  # measured again: in its place
    figures.main()
    found = {title: figures.table_in(page.read_text(), title) for title in figures.TABLES}
    assert found == {title: figures.table({"one": FULL, "two": FULL}, title) for title in figures.TABLES}
    page.write_text(page.read_text().replace("| active |", "| alive |"))
    with pytest.raises(SystemExit, match=r"expected columns among active, dead, .*, got alive"):
        figures.main()


def test_names_are_those_of_the_suite(tiny):
    plan = SuiteSize(
        name="small", seeds=1, images=12, train_images=250, samples=12, sampling_images=4, curve_images=4, cost_images=4
    )
    groups = ("reconstruction", "sampling", "latent", "robustness", "cost")
    task = EvaluationTask(adapter_of(tiny), image_set(20, 1), lambda: image_set(250, 2, split="train"), plan)
    known = {
        group.name: [each.name for each in (*group.figures, *group.curves)]
        for group in run_suite(task, "tiny", groups).groups
    }
    for group, columns in figures.TABLES.values():
        for column in columns if group in known else ():
            assert any(name.startswith(column.name) for name in known[group]), column.name
