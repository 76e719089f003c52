"""Numba's cache of machine code: missing, full or damaged, it costs time and never a result."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

OWN = "from esvae_core.numba_jit import jit\n\n\n@jit()\ndef double(x):\n    return 2 * x\n"
OTHERS = "from numba import njit\n\n\n@njit(cache=True)\ndef double(x):\n    return 2 * x\n"
CALL = """
from importlib import import_module
from esvae_core.numba_jit import cached
assert cached(lambda: import_module("away.code")).double(21) == 42
"""
FULL = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"


@pytest.fixture
def run(tmp_path):
    """Run a line of Python that finds a module `away.code` and has a folder for temporary files, and nothing else."""
    (tmp_path / "away").mkdir()
    (tmp_path / "tmp").mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(tmp_path / "tmp"),
        "XDG_CACHE_HOME": "/dev/null",
    }

    def call(module, code=CALL, **more):
        source = tmp_path / "away/code.py"
        if not source.exists() or source.read_text() != module:  # Numba up to 0.61 knows a source by its time
            source.write_text(module)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment | more, check=False, timeout=300, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done

    return call


@pytest.mark.parametrize("module", [OWN, OTHERS], ids=["ours", "of another library"])
def test_without_any_folder_one_of_the_users_own_is_used_and_used_again(run, tmp_path, module):
    (tmp_path / "away/__pycache__").write_text("no folder")
    run(module)
    (folder,) = (tmp_path / "tmp").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = sorted(folder.rglob("*.nbc"))
    assert len(kept) == 1
    times = kept[0].stat().st_mtime_ns
    run(module)
    assert [path.stat().st_mtime_ns for path in sorted(folder.rglob("*.nbc"))] == [times]


@pytest.mark.parametrize("kind", ["a link", "open to others"])
def test_a_folder_that_others_may_have_made_is_not_used(run, tmp_path, kind):
    (tmp_path / "away/__pycache__").write_text("no folder")
    (tmp_path / "theirs").mkdir()
    planted = tmp_path / f"tmp/esvae-numba-{os.getuid()}"
    if kind == "a link":
        planted.symlink_to(tmp_path / "theirs")
    else:
        planted.mkdir()
        planted.chmod(0o777)
    run(OTHERS)
    assert not list(planted.iterdir())
    assert len(list((tmp_path / "tmp").iterdir())) == 2, "a new one is used"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the size of files")
@pytest.mark.parametrize("module", [OWN, OTHERS], ids=["ours", "of another library"])
def test_a_full_disk_costs_nothing_but_time(run, tmp_path, module):
    run(module, FULL + CALL, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert not list((tmp_path / "cache").rglob("*.nbc"))


@pytest.mark.parametrize("content", [b"", b"rubbish", b"cos\nabs\n."])
def test_rubbish_in_it_is_made_again(run, tmp_path, content):
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    run(OTHERS, **cache)
    for suffix in ("nbi", "nbc"):
        (path,) = (tmp_path / "cache").rglob(f"*.{suffix}")
        path.write_bytes(content)
        run(OTHERS, **cache)
