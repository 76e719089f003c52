"""What a package index shows of README.md: links and pictures that lead to the repository."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = "https://code.example/me/esvae"


def test_links_lead_to_the_repository_and_nothing_else_changes():
    description = runpy.run_path(str(ROOT / "setup.py"), run_name="setup")["description"]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert description("") == readme
    text = description(f"{SOURCE}/")
    assert f"]({SOURCE}/raw/HEAD/docs/explorer.gif)" in text
    assert f"[docs/math.md]({SOURCE}/blob/HEAD/docs/math.md)" in text
    assert "(https://arxiv.org/abs/2310.14839)" in text
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(targets) > 20
    assert [target for target in targets if not target.startswith("https://")] == []
    assert re.sub(rf"{SOURCE}/(raw|blob)/HEAD/", "", text) == readme
    for path in re.findall(rf"{SOURCE}/(?:raw|blob)/HEAD/([^)#\s]+)", text):
        assert (ROOT / path).exists(), path
