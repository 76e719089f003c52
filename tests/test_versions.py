"""The ranges of versions in pyproject.toml, and the exact ones that everything is tested with."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from .lowest_versions import ROOT, TOOLS, exact_versions, lowest

VULNERABLE = {"pillow": "12.2.0", "torch": "2.9.1", "tqdm": "4.66.2"}
"""The last versions with known holes that a file from a stranger, or a command line, could use."""


def ranges():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    texts = (*project["dependencies"], *project["optional-dependencies"]["app"])
    return {requirement.name: requirement.specifier for requirement in map(Requirement, texts)}


def test_every_dependency_has_a_lowest_version_and_one_that_is_tested():
    exact = exact_versions("requirements.txt")
    assert exact.keys() == lowest().keys()
    for name, allowed in ranges().items():
        (pinned,) = exact[name].specifier
        assert pinned.version in allowed, name
        assert lowest()[name] <= Version(pinned.version), name
    assert exact_versions("requirements-dev.txt").keys() >= set(TOOLS)


@pytest.mark.parametrize("name", VULNERABLE)
def test_versions_with_known_holes_are_left_out(name):
    assert VULNERABLE[name] not in ranges()[name]
