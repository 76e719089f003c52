"""The tests that need no browser, with the lowest version of every dependency that pyproject.toml allows.

    python -m tests.lowest_versions                                       # in a fresh environment; many minutes
    python -m tests.lowest_versions --use torch==2.13.0 tests/test_cli.py # where a version cannot be had; some tests

pip finds packages as it always does: `PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu` gives PyTorch without
CUDA.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
EXTRAS = ("app", "notebook", "hub", "events")
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "torchmetrics")
"""Of requirements-dev.txt, what these tests need."""


def lowest(extras: Sequence[str] = ("app",)) -> dict[str, Version]:
    """The lowest version of each dependency, those of some extras among them, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    found = {}
    for text in (*project["dependencies"], *(text for name in extras for text in optional[name])):
        dependency = Requirement(text)
        (found[dependency.name],) = (Version(s.version) for s in dependency.specifier if s.operator == ">=")
    return found


def exact_versions(file: str) -> dict[str, Requirement]:
    """The requirements in one of the files of exact versions, by name."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines())
    requirements = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {requirement.name: requirement for requirement in requirements}


def main() -> int:
    """Install, test, and give pytest's exit code."""
    parser = argparse.ArgumentParser(description="Tests with the lowest versions of all dependencies.")
    parser.add_argument("--use", action="append", default=[], metavar="NAME==VERSION", help="Another version of one.")
    parser.add_argument("tests", nargs="*", help="What to run; all unless given.")
    given = parser.parse_args()
    versions = lowest(EXTRAS)
    for text in given.use:
        name, _, version = text.partition("==")
        if name not in versions:
            parser.error(f"--use {text}: expected one of {', '.join(versions)}")
        versions[name] = Version(version)
    tools = exact_versions("requirements-dev.txt")
    with tempfile.TemporaryDirectory() as place:
        constraints = Path(place) / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()))
        venv.create(Path(place) / "venv", with_pip=True)
        python = str(Path(place) / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
        needed = ["-e", f"{ROOT}[{','.join(EXTRAS)}]", *(str(tools[name]) for name in TOOLS)]
        words = ["install", "--quiet", "-c", str(constraints), *needed]
        subprocess.run([python, "-m", "pip", *words], check=True)
        subprocess.run([python, "-m", "pip", "freeze", "--exclude-editable"], check=True)
        # old versions may warn of what later ones have mended; whether they work is the question here
        words = ["-W", "default", "-m", "not slow and not gpu and not browser", *given.tests]
        return subprocess.run([python, "-m", "pytest", *words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
