"""The table of controls, from what is kept beside the checkpoints."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import evidence
from esvae_core.controls.directions import Evidence, Response

ROOT = Path(__file__).parents[2]
GOOD = Response(1.0, 1.0, 0.1, "width", 0.1, 0.95, 1.0)


def judged(**changed):
    """Evidence of a control that does what it should, but for what is changed at +1."""
    responses = [replace(GOOD, asked=asked, got=asked) for asked in (-2.0, -1.0, 1.0, 2.0)]
    responses[2] = replace(responses[2], **changed)
    return Evidence("test", 1000, 0.8, None, tuple(responses))


@pytest.mark.parametrize(
    ("changed", "strokes", "others"),
    [
        ({}, [], []),
        ({"got": 0.79}, ["got"], []),
        ({"got": 1.21}, ["got"], []),
        ({"got": 0.59}, ["got"], ["got"]),
        ({"side_effect": -0.35}, ["side effect"], []),
        ({"side_effect": 0.41}, ["side effect"], ["side effect"]),
        ({"class_kept": 0.89}, ["class"], []),
        ({"class_kept": None}, [], []),
    ],
)
def test_what_falls_short_of_the_goal_is_said(changed, strokes, others):
    assert evidence.short_of(evidence.STROKES, judged(**changed)) == strokes
    assert evidence.short_of(evidence.OTHERS, judged(**changed)) == others


def test_at_twice_the_amount_handwriting_has_to_follow_further():
    weak = judged()
    weak = replace(weak, responses=(*weak.responses[:3], replace(weak.responses[3], got=1.4)))
    assert evidence.short_of(evidence.STROKES, weak) == ["got at 2"]
    assert evidence.short_of(evidence.OTHERS, weak) == []


def test_the_page_has_the_figures_of_the_files(tmp_path, monkeypatch):
    written, page = tmp_path / "controls.md", (ROOT / "docs/controls.md").read_text(encoding="utf-8")
    written.write_text(page, encoding="utf-8")
    checkpoints = sorted(str(path) for path in (ROOT / "checkpoints").glob("*.safetensors"))
    monkeypatch.setattr(sys, "argv", ["evidence", *checkpoints, "--write", str(written)])
    evidence.main()
    assert written.read_text(encoding="utf-8") == page
