"""`esvae sweep`."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from esvae_core.cli import console
from esvae_core.cli.options import DataDir, group
from esvae_core.cli.sources import absolute
from esvae_core.cli.train import value_of
from esvae_core.errors import ConfigError, TrainingError
from esvae_core.settings_file import read_settings
from esvae_core.text import shown

app = group()


class Launcher(StrEnum):
    """Who runs the trainings."""

    processes = "processes"
    submitit = "submitit"


@app.command(
    epilog="Examples: `esvae sweep sizes.yaml` · `esvae sweep sizes.yaml --jobs 4 --data-dir data` ·"
    " `esvae sweep sizes.yaml --launcher submitit --job slurm_partition=gpu`; docs/training.md says what the file holds"
)
def sweep(
    sweep_file: Annotated[Path, typer.Argument(help="What to vary: a YAML, TOML or JSON file.", show_default=False)],
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Folder of the runs; runs/NAME of the file unless given.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=1024, help="Runs at a time.")] = 1,
    launcher: Annotated[Launcher, typer.Option(help="Processes here, or jobs of a cluster.")] = Launcher.processes,
    job: Annotated[list[str] | None, typer.Option(help="For submitit: KEY=VALUE, e.g. timeout_min=60.")] = None,
    data_dir: DataDir = None,
    logger: Annotated[str, typer.Option(help="As for `esvae train`.")] = "tensorboard",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which runs there would be, and start none.")] = False,
) -> None:
    """Train a model for every combination of some settings, or for random draws; done runs are left alone."""
    from esvae_core.sweep.launch import prepare, run_by_submitit, run_here
    from esvae_core.sweep.plan import runs_of

    runs = {
        name: config.model_copy(
            update={"data": config.data.model_copy(update={"dataset": absolute(config.data.dataset)})}
        )
        for name, config in runs_of(read_settings(sweep_file), str(sweep_file)).items()
    }
    if dry_run:
        for name in runs:
            typer.echo(shown(name))
        return
    options = _submitit_options(job or [], launcher)
    out = out_dir or Path("runs") / sweep_file.stem
    given = ["--logger", logger, *(["--data-dir", str(data_dir)] if data_dir else [])]
    todo = prepare(runs, out, given)
    console.say(False, f"{len(runs)} runs in {out}, {len(runs) - len(todo)} of them done already")
    before = signal.signal(signal.SIGTERM, _terminated)  # as at Ctrl-C, runs save their state first
    try:
        failed = (
            run_by_submitit(todo, options, out, _report)
            if launcher is Launcher.submitit
            else run_here(todo, jobs, _report)
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    if failed:
        raise TrainingError(f"{failed} of {len(runs)} runs failed; train.log in their folders in {out} says why")
    console.say(False, f"all {len(runs)} done; compare them: esvae runs {out}")


def _report(name: str, what: str) -> None:
    console.say(False, f"{name}: {what}")


def _terminated(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _submitit_options(texts: list[str], launcher: Launcher) -> dict[str, Any]:
    if texts and launcher is not Launcher.submitit:
        raise ConfigError("--job: is for --launcher submitit alone")
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--job {text}: expected KEY=VALUE, e.g. timeout_min=60")
        options[key] = value_of(value, f"--job {text}")
    return options
