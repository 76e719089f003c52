"""The ranges of versions in pyproject.toml, and the exact ones that everything is tested with."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

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


PACKAGES = {
    "PIL": "pillow", "skimage": "scikit-image", "sklearn": "scikit-learn", "umap": "umap-learn", "yaml": "pyyaml",
    "lightning_fabric": "lightning-fabric", "torch_fidelity": "torch-fidelity",
    "pydantic_core": "pydantic", "traitlets": "anywidget", "triton": "torch",
}  # fmt: skip
"""The package that brings a module, where it has another name or comes with another one."""
LEFT_TO_USERS = {"spikingjelly"}


def imported(path: Path) -> Iterator[str]:
    """Modules of others that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("import_module", "needed"):
            names = [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
        for name in names:
            first = name.partition(".")[0]
            if first not in sys.stdlib_module_names and first not in ("esvae_core", "app"):
                yield first


@pytest.mark.parametrize(("folder", "without"), [("esvae_core", {"app"}), ("app", ())])
def test_what_is_imported_is_declared(folder, without):
    """The library needs nothing of the explorer's extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [texts for name, texts in project["optional-dependencies"].items() if name not in without]
    declared = {Requirement(text).name for text in sum(extras, project["dependencies"])}
    found = {name: path for path in sorted((ROOT / folder).rglob("*.py")) for name in imported(path)}
    assert len(found) > 3
    missing = {
        name: str(path.relative_to(ROOT))
        for name, path in found.items()
        if PACKAGES.get(name, name) not in declared | LEFT_TO_USERS
    }
    assert not missing, missing
