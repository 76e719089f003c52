"""What `mkdocs build` does besides: pages from outside docs/, links between all of them, and equations as MathML.

Pages that lie beside what they describe (the README, the checkpoints' and the benchmarks' tables) are read from there.
Equations become MathML while the site is built, so that it needs no script from anywhere.
"""

from __future__ import annotations

import html
import posixpath
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "README.md": "index.md",
    "checkpoints/README.md": "checkpoints.md",
    "checkpoints/fad/README.md": "feature-networks.md",
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "Containerfile": "containerfile.txt",
    "examples/own_parts.py": "own_parts.txt",
    "deploy/compose.yaml": "compose.yaml",
    "deploy/nginx.conf": "nginx.conf",
    "LICENSE": "license.txt",
    "CITATION.cff": "citation.cff",
}
"""Files outside docs/ that are part of the site, and their names there."""

_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#:]+)([^)\s]*\))")
_EQUATION = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.S)


def on_files(files: Files, config: Any) -> Files:
    """Add the files of ELSEWHERE."""
    for place, name in ELSEWHERE.items():
        if (ROOT / place).exists():
            files.append(File.generated(config, name, content=(ROOT / place).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links between files of the repository lead to the site's pages."""
    places = {name: place for place, name in ELSEWHERE.items()}
    here = page.file.src_uri
    folder = posixpath.dirname(places.get(here, f"docs/{here}"))

    def led(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[2]))
        if not (ROOT / target).exists():
            return match[0]
        name = ELSEWHERE.get(target) or ELSEWHERE.get(f"{target}/README.md") or target.removeprefix("docs/")
        return f"{match[1]}{posixpath.relpath(name, posixpath.dirname(here) or '.')}{match[3]}"

    return _LINK.sub(led, markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Equations of LaTeX as MathML; the tag of one becomes a number in parentheses."""

    def formula(match: re.Match[str]) -> str:
        latex = re.sub(r"\\tag\{(\w+)\}", r"\\qquad (\1)", html.unescape(match[3]))
        latex = latex.replace(r"{cases} [", r"{cases} {}[")  # else the converter takes it for an option
        return convert(latex, display="block" if match[2] == "[" else "inline")

    return _EQUATION.sub(formula, content)
