"""Files are opened in one place, written whole, and held by one process at a time."""

from __future__ import annotations

import ast
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from esvae_core.errors import OutputError
from esvae_core.files import HeldError, held, read_regular, write_atomically

CORE = Path(__file__).parents[1] / "esvae_core"
READERS = {"open", "read_bytes", "read_text", "load", "safe_open"}
ALLOWED = {
    ("cli/__init__.py", "open"): "os.open of the null device, to write to it",
    ("files.py", "open"): "it is the place",
    ("sweep/launch.py", "open"): "the log of a run that is started, to write to it",
    ("npz.py", "open"): "entries of an archive that is open",
    ("data/pictures.py", "open"): "Image.open of a file that is open, or of bytes",
    ("data/cifar.py", "open"): "tarfile.open of a file that is open",
    ("data/tar_files.py", "open"): "tarfile.open of a file that is open",
    ("explore/recipe_files.py", "open"): "Image.open of bytes",
    ("published.py", "load"): "torch.load of a file that is open",
    ("training/state.py", "load"): "torch.load of a file that is open",
    ("export/lif_network.py", "safe_open"): "it is copied beside exported networks, and runs where esvae is not",
    ("evaluation/feature_net.py", "safe_open"): "it takes paths alone; open_regular has opened the file before",
}


def openings(path: Path) -> set[str]:
    """What a module calls that could open a file to read it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        owner = called.value.id if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) else ""
        if name in READERS and (name != "load" or owner in ("np", "torch")):
            found.add(name)
    return found


def test_nothing_but_files_opens_files():
    found = {(path.relative_to(CORE).as_posix(), name) for path in CORE.rglob("*.py") for name in openings(path)}
    assert found <= set(ALLOWED), f"to be read by open_regular: {sorted(found - set(ALLOWED))}"


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_writing_keeps_permissions_and_gives_new_files_the_usual_ones(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"1")
    old.chmod(0o600)
    before = os.umask(0o027)
    try:
        write_atomically(old, b"2")
        write_atomically(new, b"2")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (old, new)] == [0o600, 0o640]
    assert old.read_bytes() == b"2"


def test_of_a_link_the_target_is_written(tmp_path):
    (tmp_path / "far").mkdir()
    target, link, chain = tmp_path / "far" / "target", tmp_path / "link", tmp_path / "chain"
    target.write_bytes(b"1")
    link.symlink_to("far/target")
    chain.symlink_to("link")
    write_atomically(chain, b"2")
    assert target.read_bytes() == b"2"
    assert link.is_symlink()
    assert chain.is_symlink()
    assert names(tmp_path / "far") == ["target"]


def test_a_pipe_or_a_device_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null"), tmp_path):
        with pytest.raises(OutputError, match="not a regular file"):
            write_atomically(path, b"x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_is_not_waited_for_and_a_size_is_held(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(tmp_path / "pipe", 10)
    (tmp_path / "file").write_bytes(b"x" * 10)
    assert read_regular(tmp_path / "file", 10) == b"x" * 10
    with pytest.raises(OSError, match="at most 9 bytes"):
        read_regular(tmp_path / "file", 9)


KILLED = """
import os, sys, time
from pathlib import Path
from esvae_core import files
os.fsync = lambda number: (print("here", flush=True), time.sleep(600))
files.write_atomically(Path(sys.argv[1]), b"half")
"""
HOLDS = """
import sys, time
from pathlib import Path
from esvae_core.files import held
with held(Path(sys.argv[1])):
    print("here", flush=True)
    time.sleep(600)
"""


def started(code, path):
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "here\n"
    return process


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_what_a_killed_writer_left_goes_with_the_next_writing_and_a_living_one_is_let_be(tmp_path):
    path = tmp_path / "a file"
    path.write_bytes(b"old")
    (tmp_path / ".mine.tmp").write_bytes(b"of another program")
    process = started(KILLED, path)
    try:
        write_atomically(tmp_path / "other", b"x")
        assert len(names(tmp_path)) == 4  # one is being written
    finally:
        killed(process)
    assert path.read_bytes() == b"old"
    write_atomically(tmp_path / "other", b"y")
    assert names(tmp_path) == [".mine.tmp", "a file", "other"]


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path):
    path = tmp_path / "run.lock"
    process = started(HOLDS, path)
    try:
        with pytest.raises(HeldError, match=f"process {process.pid} on .* since 20"), held(path):
            pass
    finally:
        killed(process)
    assert path.exists()  # and yet it holds nothing
    with held(path), pytest.raises(HeldError, match=f"process {os.getpid()} "), held(path):
        pass
    assert names(tmp_path) == []


@pytest.mark.linux
def test_a_lock_is_a_file_of_its_own(tmp_path):
    """A link to another file, or a pipe, in a run folder from elsewhere."""
    (tmp_path / "mine.txt").write_text("keep me")
    (tmp_path / "link.lock").symlink_to("mine.txt")
    os.mkfifo(tmp_path / "pipe.lock")
    for name in ("link.lock", "pipe.lock"):
        with pytest.raises(OutputError, match=f"{name}: cannot be written"), held(tmp_path / name):
            pass
    assert (tmp_path / "mine.txt").read_text() == "keep me"
