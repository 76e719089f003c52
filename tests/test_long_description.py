"""What a package index shows of README.md: links and pictures that lead to the repository."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = "https://code.example/me/esvae"


TARGET = re.compile(r"\]\(([^)\s]+)\)|<(?:img|a)\b[^>]*?(?:src|href)=[\"']?([^\"'\s>]+)")


def described(source: str) -> str:
    description = runpy.run_path(str(ROOT / "setup.py"), run_name="setup")["description"]
    text: str = description(source)
    return text


def relative(text: str) -> list[str]:
    """What its links and pictures lead to, but for addresses and places in itself."""
    targets = [markdown or html for markdown, html in TARGET.findall(text)]
    return [target for target in targets if not target.startswith(("https://", "#"))]


def test_links_lead_to_the_repository_and_nothing_else_changes():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(relative(readme)) > 20
    text = described(f"{SOURCE}/")
    assert f"]({SOURCE}/raw/HEAD/docs/explorer.gif)" in text
    assert f"[docs/math.md]({SOURCE}/blob/HEAD/docs/math.md)" in text
    assert "(https://arxiv.org/abs/2310.14839)" in text
    assert relative(text) == []
    assert re.sub(rf"{SOURCE}/(raw|blob)/HEAD/", "", text) == readme
    for path in re.findall(rf"{SOURCE}/(?:raw|blob)/HEAD/([^)#\s]+)", text):
        assert (ROOT / path).exists(), path


def test_without_an_address_there_is_no_broken_picture_or_link():
    text, readme = described(""), (ROOT / "README.md").read_text("utf-8")
    assert relative(text) == []
    assert "![" not in text
    assert "equations: docs/math.md." in text
    assert text.count("](https://") == readme.count("](https://")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in readme.splitlines() if line.startswith("#")
    ]
