"""Controls that the Map view saves, read in Python."""

from __future__ import annotations

import json

import numpy as np
import pytest

from esvae_core.controls.own_file import read_own_control
from esvae_core.errors import EsvaeError

SAVED = {
    "name": "round",
    "source": "hand",
    "model": "tiny",
    "checkpoint": "0" * 64,
    "coordinates": "plain",
    "step": [0.25, -0.5, 0.0],
    "recipe": {"dataset": "digits", "split": "test", "toward": [1, 2], "away": "all others", "images": 20},
}


def test_an_amount_of_1_is_the_step(tmp_path):
    path = tmp_path / "round.json"
    path.write_text(json.dumps(SAVED))
    control = read_own_control(path, 3)
    assert (control.name, control.source) == ("round", "hand")
    assert np.allclose(control.apply(np.array([0.5, 0.75, 0.1]), 1.0), [0.75, 0.25, 0.1])
    assert np.allclose(control.apply(np.array([0.5, 0.75, 0.1]), -2.0), [0.0, 1.0, 0.1]), "within 0 and 1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step": [0.1, 0.2]}, "d = 2; expected d = 3"),
        ({"step": ["0.1", 0.2, 0.3]}, "step.0: Input should be a valid number"),
        ({"step": []}, "step: List should have at least 1 item"),
        ({"coordinates": "polar"}, "coordinates: Input should be 'plain' or 'arcsine'"),
        ({"more": 1}, "more: Extra inputs are not permitted"),
    ],
)
def test_other_files_are_one_line(tmp_path, change, words):
    path = tmp_path / "round.json"
    path.write_text(json.dumps(SAVED | change))
    with pytest.raises(EsvaeError, match=words) as caught:
        read_own_control(path, 3)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1]", b"NaN", b"\xff", b"[" * 100_000, b" " * 2**21])
def test_bytes_that_are_no_control_are_one_line(tmp_path, content):
    path = tmp_path / "round.json"
    path.write_bytes(content)
    with pytest.raises(EsvaeError, match=str(path)) as caught:
        read_own_control(path, 3)
    assert "\n" not in str(caught.value)
