"""A short round of the fuzzer, always the same; and that it would find what it looks for."""

from __future__ import annotations

import ast
import os
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import esvae_core
from tests.fuzz.readers import READERS, Reader
from tests.fuzz.run import SECONDS, clean_process, content_of, failures

pytestmark = [
    pytest.mark.linux,  # forked processes with limits
    pytest.mark.skipif(sys.platform != "linux", reason="limits of child processes are Linux'"),
]

INPUTS = 40


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("esvae_core.data.loading.cache_dir", lambda: tmp_path / "user-cache")


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_errors_in_a_file_end_in_one_line(reader, tmp_path):
    found = list(failures(reader, tmp_path, range(INPUTS)))
    assert not found, "\n".join(f"seed {failure.seed}: {failure.what}" for failure in found[:3])


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_inputs_are_changed_and_can_be_made_again(reader, tmp_path):
    valid = reader.make(tmp_path)
    made = [content_of(valid, seed) for seed in range(INPUTS)]
    assert made == [content_of(valid, seed) for seed in range(INPUTS)]
    assert sum(content != valid for content in made) > INPUTS * 0.8
    assert len(set(made)) > INPUTS / 2


def _misbehaving(path: Path) -> None:
    content = path.read_bytes()
    if content.startswith(b"memory"):
        bytearray(2**30)
    if content.startswith(b"time"):
        time.sleep(2 * SECONDS)
    if content.startswith(b"crash"):
        os.abort()
    if content.startswith(b"key"):
        raise KeyError("x")


def _third(word: bytes, valid: bytes, seed: int) -> bytes:
    return word if seed == 3 else valid


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("memory", "more than 500 MB"),
        ("time", "more than 5 s"),
        ("crash", "SIGABRT"),
        ("key", "KeyError"),
    ],
)
def test_what_a_reader_should_not_do_is_seen(word, what, tmp_path):
    reader = Reader("made up", "file", lambda folder: (folder / "file").write_bytes(b"fine") and None, _misbehaving)
    (found,) = failures(reader, tmp_path, range(6), partial(_third, word.encode()))
    assert (found.reader, found.seed) == ("made up", 3)
    assert what in found.what


def _modules_that_open() -> set[str]:
    """Modules of the library that call the function by which files are opened."""
    root = Path(esvae_core.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        if any(isinstance(call.func, ast.Name) and call.func.id == "open_regular" for call in calls):
            found.add(".".join(("esvae_core", *path.relative_to(root).with_suffix("").parts)))
    return found


def _modules_reached(folder: Path, put: Connection) -> None:
    """Send the modules that open files while all readers read their valid ones, seen by an audit hook."""
    os.environ["XDG_CACHE_HOME"] = str(folder)  # images that were read before would not be read again
    reached: set[str] = set()

    def seen(event: str, _: object) -> None:
        frame = sys._getframe() if event == "open" else None
        while frame is not None:
            if frame.f_code.co_name == "open_regular" and frame.f_back is not None:
                reached.add(frame.f_back.f_globals["__name__"])
            frame = frame.f_back

    sys.addaudithook(seen)
    for reader in READERS:
        place = folder / reader.name
        place.mkdir()
        reader.make(place)
        reader.read(reader.path(place))
    put.send(reached)


def test_every_module_that_opens_files_is_reached(tmp_path):
    expected, context = _modules_that_open(), clean_process()
    answers, put = context.Pipe(duplex=False)
    child = context.Process(target=_modules_reached, args=(tmp_path, put), daemon=True)
    child.start()
    put.close()
    reached = answers.recv()
    child.join()
    assert expected
    assert expected <= reached, f"add a reader to tests/fuzz/readers.py for {sorted(expected - reached)}"
