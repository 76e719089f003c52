"""Run the trainings of a sweep: so many at a time as processes here, or as jobs of a cluster through submitit.

Every run is an `esvae train` of its own in a folder of its own, so that one that fails leaves the others alone, and a
sweep that was stopped goes on where each run was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esvae_core.config import RunConfig
from esvae_core.errors import TrainingError
from esvae_core.files import open_regular, write_atomically
from esvae_core.training.runs import read_run

_LOG = "train.log"
_STOP_SECONDS = 120.0  # within which a run must have saved its state
_TAIL = 2000  # bytes of a log that are looked at for its last line


@dataclass(frozen=True)
class Job:
    """One run to do."""

    name: str
    command: tuple[str, ...]
    log: Path
    """What the run prints."""


StatusListener = Callable[[str, str], None]
"""Called with a run's name and what became of it: 'started', 'done', or why it failed."""


def prepare(runs: Mapping[str, RunConfig], out: Path, options: Sequence[str]) -> list[Job]:
    """Make the folders of all runs, and say which are still to do.

    Args:
        runs: settings by name of the folder.
        out: folder of the sweep.
        options: further options of `esvae train` for all.

    Raises:
        TrainingError: a folder holds a run with other settings, or is no folder of runs; nothing was started.
        OutputError: a folder cannot be written.
    """
    if (out / "config.json").exists():
        raise TrainingError(f"{out}: holds a run itself; choose another --out")
    jobs = []
    for name, config in runs.items():
        folder = out / name
        known = read_run(folder)
        if known is not None and known.config != config:
            raise TrainingError(f"{folder}: holds a run with other settings; choose another --out")
        if known is not None and known.finished:
            continue
        train = (sys.executable, "-m", "esvae_core", "train", "--config", str(folder / "config.json"))
        resume = ("--resume",) if (folder / "state.pt").exists() else ()
        jobs.append(Job(name, (*train, "--out", str(folder), "--json", *resume, *options), folder / _LOG))
    for job in jobs:
        _make(job.log.parent)
        write_atomically(job.log.parent / "config.json", (runs[job.name].model_dump_json(indent=2) + "\n").encode())
    return jobs


def run_here(jobs: Sequence[Job], at_once: int, report: StatusListener) -> int:
    """Run jobs as processes of this machine; how many of them failed.

    An exception here, such as that of Ctrl-C, makes all runs save their state before it goes on.
    """
    threads = str(max(1, (os.cpu_count() or 1) // at_once))
    environment = {"OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads} if at_once > 1 else {}
    waiting, running, failed = list(reversed(jobs)), dict[str, tuple[Job, subprocess.Popen[bytes]]](), 0
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop()
                running[job.name] = job, _start(job, {**environment, **os.environ})
                report(job.name, "started")
            for job, process in list(running.values()):
                if process.poll() is not None:
                    del running[job.name]
                    failed += process.returncode != 0
                    report(job.name, "done" if process.returncode == 0 else last_line(job.log))
            time.sleep(0.05)
    finally:
        _stop([process for _, process in running.values()])
    return failed


def run_by_submitit(jobs: Sequence[Job], settings: Mapping[str, Any], out: Path, report: StatusListener) -> int:
    """Run jobs through submitit: on Slurm where there is one, else here; how many of them failed.

    Args:
        jobs: to run.
        settings: parameters of submitit's executor, such as slurm_partition or gpus_per_node.
        out: folder of the sweep; submitit's files go to `out/submitit`.
        report: called as by `run_here`.

    Raises:
        TrainingError: submitit is not installed, or does not know a parameter.
    """
    try:
        import submitit
    except ImportError:
        raise TrainingError("launcher submitit: the package is not installed: pip install 'esvae[sweep]'") from None
    executor = submitit.AutoExecutor(folder=out / "submitit")
    try:
        executor.update_parameters(name="esvae", **settings)
    except (NameError, TypeError, ValueError) as error:  # what it raises at names and values that it does not know
        raise TrainingError(f"submitit: {' '.join(str(error).split())}") from None
    with executor.batch():
        handles = [executor.submit(_run_job, job) for job in jobs]
    failed = 0
    for job, handle in zip(jobs, handles, strict=True):
        report(job.name, "started")
        good = handle.exception() is None and handle.result() == 0
        failed += not good
        report(job.name, "done" if good else last_line(job.log))
    return failed


def last_line(log: Path) -> str:
    """The last line that a run printed; why it failed, as a rule."""
    try:
        with open_regular(log) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        text = ""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "failed without a word"


def _run_job(job: Job) -> int:
    return _start(job, dict(os.environ)).wait()


def _start(job: Job, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with job.log.open("ab") as log:  # in a session of its own: a terminal's Ctrl-C is handed on once, by `_stop`
        return subprocess.Popen(
            job.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask runs to save their state and end; those that do not are ended."""
    for process in processes:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
    for process in processes:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be made: {error.strerror or error}") from error
