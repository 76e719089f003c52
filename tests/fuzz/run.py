"""Run a reader on many inputs in child processes with limits, and tell what went wrong.

The limits hold for an input below a megabyte: `SECONDS` of time, and `MEGABYTES` of address space above what the
process has before it reads anything (PyTorch and the library loaded, the valid file read once).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import select
import signal
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from esvae_core.errors import EsvaeError
from tests.fuzz.mutations import mutate
from tests.fuzz.readers import Reader

SECONDS = 5.0
MEGABYTES = 500
LONGEST = 2_000  # characters of an error's line


@dataclass(frozen=True)
class Failure:
    """An input that a reader did not meet as it should.

    Attributes:
        reader: Name of the reader.
        seed: Makes the input again: `content_of(reader, seed)`.
        what: What happened instead.
    """

    reader: str
    seed: int
    what: str


def content_of(valid: bytes, seed: int) -> bytes:
    """The input of a seed."""
    return mutate(valid, random.Random(seed))[: 2**20]


def failures(reader: Reader, folder: Path, seeds: range) -> Iterator[Failure]:
    """Read the inputs of these seeds, one child process after another: a new one after each that ends early."""
    valid = reader.make(folder)
    reader.read(reader.path(folder))
    left = list(seeds)
    while left:
        done, failure = _child(reader, folder, valid, left)
        left = left[done:]
        yield from failure


def _child(reader: Reader, folder: Path, valid: bytes, seeds: list[int]) -> tuple[int, list[Failure]]:
    """Read in one child process as many as it lives for; how many that were, and what failed."""
    get, put = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(get)
        with contextlib.suppress(BaseException):
            _read_all(reader, folder, valid, seeds, put)
        os._exit(0)
    os.close(put)
    found: list[Failure] = []
    lines, begun, since = b"", 0, time.monotonic()
    while True:
        ready, _, _ = select.select([get], [], [], 0.2)
        piece = os.read(get, 65536) if ready else b""
        if ready and not piece:
            break
        lines += piece
        *whole, lines = lines.split(b"\n")
        for line in whole:
            said = json.loads(line)
            begun, since = said["index"] + 1, time.monotonic()
            if said["what"]:
                found.append(Failure(reader.name, seeds[said["index"]], said["what"]))
                begun = said["index"] + 1
        if time.monotonic() - since > 2 * SECONDS + 1:  # it is in code that hears no signal
            os.kill(pid, signal.SIGKILL)
            break
    os.close(get)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and begun < len(seeds):
        # the last input that was begun has not been told of: it is the one that ended the process
        name = signal.Signals(os.WTERMSIG(status)).name
        found.append(Failure(reader.name, seeds[begun], f"ended by {name}, or more than {2 * SECONDS + 1:.0f} s"))
        begun += 1
    return begun, found


class _TooSlow(BaseException):
    pass


def _alarm(*_: object) -> None:
    raise _TooSlow


def _read_all(reader: Reader, folder: Path, valid: bytes, seeds: list[int], put: int) -> None:
    signal.signal(signal.SIGALRM, _alarm)
    limit = _address_space() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with contextlib.suppress(OSError), Path("/dev/null").open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    path = reader.path(folder)
    for index, seed in enumerate(seeds):
        path.write_bytes(content_of(valid, seed))
        what = _read_one(reader, path)
        os.write(put, json.dumps({"index": index, "what": what}).encode() + b"\n")


def _read_one(reader: Reader, path: Path) -> str:
    """What went wrong; "" if nothing."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        reader.read(path)
    except EsvaeError as error:
        text = str(error)
        if len(text.splitlines()) != 1 or len(text) > LONGEST:
            return f"an error of {len(text.splitlines())} lines and {len(text)} characters: {text[:300]!r}"
    except _TooSlow:
        return f"more than {SECONDS:.0f} s"
    except MemoryError:
        return f"more than {MEGABYTES} MB"
    except BaseException:
        return traceback.format_exc(limit=-6)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def _address_space() -> int:
    """Bytes that this process has mapped."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
