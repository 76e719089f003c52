"""Runs beside each other."""

from __future__ import annotations

import csv
import io
import json

import pytest

from esvae_core.errors import DataError
from esvae_core.training.runs import find_runs, table_of

from .test_trainer import made

HEAD = "epoch,step,time_steps,mse,validation_mse,validation_mmd,seconds\n"


@pytest.fixture
def root(tmp_path):
    """Two runs that differ in rate and size, one of them deeper; one unfinished; and folders of other things."""
    for name, config, log in (
        ("a", made(lr=0.02), HEAD + "1,5,1,.5,.01,.1,2\n2,10,3,.4,.03,.1,4\n3,15,3,.3,.02,.2,6.5\n"),
        ("deep/b_%", made(lr=0.01, model={"latent_dim": 6}), HEAD + "1,5,3,.5,.5,.1,2\n"),
    ):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(config.model_dump_json())
        (folder / "log.csv").write_text(log)
    for name, content in (("other", "{}"), ("broken", "{")):
        (tmp_path / "runs" / name).mkdir()
        (tmp_path / "runs" / name / "config.json").write_text(content)
        (tmp_path / "runs" / name / "log.csv").write_text("x")
    return tmp_path / "runs"


def test_the_table_has_the_best_epoch_at_the_last_t_and_the_settings_that_differ(root):
    first, second = table_of(find_runs(root), root)
    assert first == {
        "run": "a", "epochs": "3/2", "best epoch": 3, "mse": 0.02, "mmd": 0.2, "seconds": 6.5,
        "model.latent_dim": 4, "train.lr": 0.02,
    }  # fmt: skip
    assert (second["run"], second["epochs"], second["mse"]) == ("deep/b_%", "1/2", 0.5)
    assert (second["model.latent_dim"], second["train.lr"]) == (6, 0.01)


def test_every_format_has_the_same_cells(root, command):
    rows = json.loads(command("runs", root, "--json").stdout)
    assert [row["run"] for row in rows] == ["a", "deep/b_%"]
    table = list(csv.reader(io.StringIO(command("runs", root, "--format", "csv").stdout)))
    assert table[0] == list(rows[0])
    assert table[1] == ["a", "3/2", "3", "0.02", "0.2", "6.5", "4", "0.02"]
    markdown = command("runs", root, "--format", "markdown").stdout.splitlines()
    assert markdown[1].count("---") == len(table[0])
    assert [cell.strip() for cell in markdown[2].strip("|").split("|")] == table[1]
    latex = command("runs", root, "--format", "latex").stdout
    assert r"deep/b\_\% & 1/2" in latex
    assert latex.count(r"\\") == 3
    assert "deep/b_%" in command("runs", root).stdout


def test_a_folder_without_runs_is_one_line(tmp_path, command):
    with pytest.raises(DataError, match="no such folder"):
        find_runs(tmp_path / "none")
    done = command("runs", tmp_path)
    assert (done.returncode, "holds no run" in done.stderr, done.stderr.count("\n")) == (2, True, 1)


def test_names_of_columns_are_text_and_few(root, command):
    log = root / "a" / "log.csv"
    evil = "validation_\x1b]0;title\x07,validation_[red]x,validation_[/foo]"
    log.write_text(log.read_text().replace("seconds\n", f"seconds,{evil}\n").replace("6.5\n", "6.5,1,2,3\n"))
    for words in ((), ("--format", "csv"), ("--format", "markdown"), ("--format", "latex")):
        done = command("runs", root, *words)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout
        assert "\x07" not in done.stdout
    assert all(name in command("runs", root).stdout for name in ("[red]x", "[/foo]"))
    log.write_text(",".join(f"validation_{i}" for i in range(30_000)) + "\n")
    assert [row["run"] for row in json.loads(command("runs", root, "--json").stdout)] == ["deep/b_%"]
