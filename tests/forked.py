"""Command lines of `esvae`, each in a fresh fork of one process that has everything loaded: starting costs .1 s, not 5.

What is tested of several processes, of signals, or of what is imported when, starts processes of its own.

`python -m tests.forked` reads one `Job` as JSON a line, and answers with one `Ended` a line.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

if sys.platform != "win32":
    import resource


IMPORTED_LATE = (
    "lightning_fabric",
    "pooch",
    "pyarrow.parquet",
    "rich.progress",
    "scipy.signal",
    "scipy.stats",
    "skimage.filters",
    "skimage.measure",
    "skimage.morphology",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.mixture",
    "tensorboard.compat.proto.event_pb2",
    "torch._dynamo",
    "torch.utils.tensorboard",
    "umap",
)
"""What commands import where they need it: 3 of the 5 seconds of the shortest training."""


@dataclass(frozen=True)
class Job:
    """One command line and what it meets.

    Attributes:
        words: What follows `esvae`; bytes that are not UTF-8 as surrogates.
        folder: Working directory.
        stdout: Where its output goes: a pipe that is read, one that nobody reads, or a full device.
        encoding: Of its output.
        largest_file: Bytes that a file may grow to, as on a disk that is nearly full.
        interrupt: Calls of Python functions after which Ctrl-C is pressed.
        seconds: How long it may take.
        script: A Python file that is run in place of `esvae`, from its own folder as Python would.
    """

    words: tuple[str, ...]
    folder: str
    stdout: Literal["pipe", "closed", "full"] = "pipe"
    encoding: str = "utf-8"
    largest_file: int | None = None
    interrupt: int | None = None
    seconds: float = 300
    script: str | None = None


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Its exit code; minus the signal's number if a signal ended it.
        out: What it wrote to standard output, if that was read.
        err: What it wrote to standard error.
    """

    code: int
    out: str
    err: str


ENVIRONMENT = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "COLUMNS": "200"}


class Started:
    """Runs jobs in a process of its own each, which costs seconds: for systems without forks.

    Of a job it knows what such systems can do: words, folder, script and time.
    """

    def run(self, job: Job) -> Ended:
        """Run one command line to its end."""
        command = [sys.executable, *([job.script] if job.script else ["-m", "esvae_core"]), *job.words]
        environment = os.environ | ENVIRONMENT | {"PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(
            command, cwd=job.folder, env=environment, capture_output=True, text=True, timeout=job.seconds
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def close(self) -> None:
        """Nothing is left open."""


class Forked:
    """The process, and how to ask it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ENVIRONMENT,
        )

    def run(self, job: Job) -> Ended:
        """Run one command line to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _serve() -> None:
    import esvae_core

    ours = [module.name for module in pkgutil.walk_packages(esvae_core.__path__, "esvae_core.")]
    for name in (*ours, *IMPORTED_LATE):
        if "triton" not in name:
            with contextlib.suppress(ModuleNotFoundError):  # of an extra that is not installed
                importlib.import_module(name)
    gc.freeze()  # a collection in a fork would write to, and so copy, all that is loaded
    # file descriptor 1 is for answers alone
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        print(json.dumps(asdict(_in_fork(Job(**json.loads(line))))), file=answers, flush=True)


def _in_fork(job: Job) -> Ended:
    (out, to_out), (err, to_err) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(err)
        os.close(out)
        if job.stdout == "full":
            to_out = os.open("/dev/full", os.O_WRONLY)
        elif job.stdout == "closed":
            unread, to_out = os.pipe()
            os.close(unread)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(to_out, 1)
        os.dup2(to_err, 2)
        os.closerange(3, 256)
        _run(job)
    os.close(to_out)
    os.close(to_err)
    said, end = {out: b"", err: b""}, time.monotonic() + job.seconds
    waiting = set(said)
    while waiting and (left := end - time.monotonic()) > 0:
        for pipe in select.select(waiting, [], [], left)[0]:
            piece = os.read(pipe, 65536)
            said[pipe] += piece
            if not piece:
                waiting.remove(pipe)
    if waiting:
        os.kill(pid, signal.SIGKILL)
        said[err] += b"killed: it took too long\n"
    _, status = os.waitpid(pid, 0)
    os.close(out)
    os.close(err)
    return Ended(os.waitstatus_to_exitcode(status), *(text.decode("utf-8", "replace") for text in said.values()))


def _run(job: Job) -> None:
    """What the installed script does, from a given state; never returns."""
    from esvae_core.cli import main

    code = 70
    try:
        os.chdir(job.folder)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), job.encoding, "strict", line_buffering=False)
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), job.encoding, "backslashreplace")
        sys.argv = [job.script or "esvae", *job.words]
        if job.largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (job.largest_file, job.largest_file))
        if job.interrupt is not None:
            _interrupt_after(job.interrupt)
        try:
            if job.script is None:
                main()
            else:
                sys.path.insert(0, str(Path(job.script).resolve().parent))
                runpy.run_path(job.script, run_name="__main__")
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        sys.setprofile(None)
        sys.stdout.flush()
    except BaseException:
        code = 1
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        sys.stderr.flush()
        os._exit(code)


def _interrupt_after(calls: int) -> None:
    left = calls

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        left -= event == "call"
        if not left:
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGINT)

    sys.setprofile(count)


if __name__ == "__main__":
    _serve()
