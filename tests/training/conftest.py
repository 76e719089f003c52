"""Runs as users start them: the command in a process, on a network small enough for seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..forked import Forked, Job, Started

SETTINGS = (
    "model.channels=[2,4,4]", "model.image_size=16", "model.latent_dim=4", "model.time_steps=3",
    "train.batch_size=256", "train.warmup_steps=2", "train.grow_time=[]",
)  # fmt: skip

SCRIPT = "from esvae_core.cli import main\n\nif __name__ == '__main__':\n    main()\n"


class Command:
    """`esvae`: called, as tests/forked.py runs it; by `start` and `apart`, in a process of its own, by a script that
    distributed launchers can start again."""

    def __init__(self, folder: Path, forked: Forked | Started) -> None:
        self.forked = forked
        self.script = folder / "esvae_command.py"
        self.script.write_text(SCRIPT)
        root = str(Path(__file__).parents[2])
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]),
            "OMP_NUM_THREADS": "1",
            "NUMBA_NUM_THREADS": "1",
            "COLUMNS": "200",
        }

    def start(self, *words: object) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.script), *map(str, words)]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.script.parent,
        )

    def __call__(self, *words: object, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        job = Job(tuple(map(str, words)), str(self.script.parent), seconds=timeout)
        done = self.forked.run(job)
        return subprocess.CompletedProcess(job.words, done.code, done.out, done.err)

    def apart(self, *words: object, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def settings(*changes: str) -> list[str]:
    """`--preset digits` and everything that makes it tiny; later changes win."""
    return ["--preset", "digits", *(word for change in (*SETTINGS, *changes) for word in ("--set", change))]


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory, forked: Forked | Started) -> Command:
    return Command(tmp_path_factory.mktemp("command"), forked)
