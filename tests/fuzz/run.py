"""Run a reader on many inputs in child processes with limits, and tell what went wrong.

The limits hold for an input below a megabyte: `SECONDS` of time, and `MEGABYTES` of address space above what the
process has before it reads anything (PyTorch and the library loaded, the valid file read once).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from esvae_core.errors import EsvaeError
from tests.fuzz.mutations import mutate
from tests.fuzz.readers import Reader

SECONDS = 5.0
MEGABYTES = 500
LONGEST = 2_003  # characters of an error's line, "..." included


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


def failures(
    reader: Reader, folder: Path, seeds: range, content: Callable[[bytes, int], bytes] = content_of
) -> Iterator[Failure]:
    """Read the inputs of these seeds, one child process after another: a new one after each that ends early."""
    valid = reader.make(folder)
    reader.read(reader.path(folder))
    left = list(seeds)
    while left:
        done, found = _child(reader, folder, valid, left, content)
        left = left[done:]
        yield from found


def clean_process() -> multiprocessing.context.ForkServerContext:
    """Where child processes come from: forks of one that has loaded the readers, and has never used a thread.

    A fork of the tests' own process would have locks and thread pools of libraries that other tests have used.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fuzz.readers"])
    return context


def _child(
    reader: Reader, folder: Path, valid: bytes, seeds: list[int], content: Callable[[bytes, int], bytes]
) -> tuple[int, list[Failure]]:
    """Read in one child process as many as it lives for; how many that were, and what failed."""
    context = clean_process()
    answers, put = context.Pipe(duplex=False)
    inputs = (reader.read, reader.path(folder), valid, seeds, content)
    child = context.Process(target=_read_all, args=(*inputs, put), daemon=True)
    child.start()
    put.close()
    found: list[Failure] = []
    done, wait = 0, 60.0  # the first answer waits for the start of the process
    while done < len(seeds) and answers.poll(wait):
        try:
            what = answers.recv()
        except EOFError:
            break
        if what:
            found.append(Failure(reader.name, seeds[done], what))
        done, wait = done + 1, 2 * SECONDS + 1
    if done < len(seeds):  # it ended, or is in code that hears no signal
        child.join(1)
        code = child.exitcode
        ended = f"more than {wait:.0f} s" if code is None else f"ended by {_name(code)}"
        found.append(Failure(reader.name, seeds[done], ended))
        done += 1
        child.kill()
    child.join()
    answers.close()
    return done, found


def _name(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class _TooSlow(BaseException):
    pass


def _alarm(*_: object) -> None:
    raise _TooSlow


def _read_all(
    read: Callable[[Path], Any],
    path: Path,
    valid: bytes,
    seeds: list[int],
    content: Callable[[bytes, int], bytes],
    put: Connection,
) -> None:
    signal.signal(signal.SIGALRM, _alarm)
    path.write_bytes(valid)
    read(path)  # what is loaded at the first use of a reader is none of an input's memory
    limit = _address_space() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    for seed in seeds:
        path.write_bytes(content(valid, seed))
        put.send(_read_one(read, path))


def _read_one(read: Callable[[Path], Any], path: Path) -> str:
    """What went wrong; "" if nothing."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        read(path)
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
