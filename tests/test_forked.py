"""Command lines and scripts of tests: the same by forks of one process as by processes of their own."""

from __future__ import annotations

import dataclasses

import pytest

from .forked import Job, Started


@pytest.mark.parametrize("words", [("--version",), ("info", "nowhere.safetensors")])
def test_a_command_says_the_same(forked, tmp_path, words):
    job = Job(words, str(tmp_path))
    assert forked.run(job) == Started().run(job)


def test_a_script_does_the_same(forked, tmp_path):
    (tmp_path / "beside.py").write_text("NAME = 'beside'\n")
    script = tmp_path / "script.py"
    script.write_text("import sys\nimport beside\nprint(beside.NAME, sys.argv[1:], __name__)\nsys.exit(3)\n")
    job = Job(("a", "b"), str(tmp_path), script=str(script))
    assert dataclasses.astuple(forked.run(job)) == (3, "beside ['a', 'b'] __main__\n", "")
    assert forked.run(job) == Started().run(job)
