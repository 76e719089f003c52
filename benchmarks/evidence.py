"""The table of controls that docs/controls.md has, from the files beside the checkpoints.

    python -m benchmarks.evidence checkpoints/*.safetensors --write docs/controls.md

It has every number that pictures follow, with the evidence on test images. "Side effect" and "class kept" are the worse
of -1 and +1.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.marks import put_table
from esvae_core.checkpoint import read_weights
from esvae_core.controls.directions import Control, Evidence, Response
from esvae_core.files import write_atomically

TITLE = "controls"
MINUS = "\N{MINUS SIGN}"
HEADS = (
    *("model", "test images", "control", "read (R²)", f"asked {MINUS}1 / +1: got", f"asked {MINUS}2 / +2: got"),
    *("largest side effect", "class kept", "short of the goal"),
)


class Goal(NamedTuple):
    """What a control is to do, in standard deviations and shares.

    Attributes:
        least, most: Got for what is asked at -1 and +1.
        side: Largest side effect there.
        kept: Share of pictures of the same class there.
        twice: Got at -2 and +2 at least.
    """

    least: float
    most: float
    side: float
    kept: float
    twice: float


STROKES = Goal(0.8, 1.2, 0.3, 0.9, 1.5)
OTHERS = Goal(0.6, float("inf"), 0.4, 0.0, 0.0)


def goal_of(dataset: str) -> Goal:
    """The goal for controls of handwriting, and the weaker one for those of other data sets."""
    return STROKES if dataset in ("mnist", "digits") else OTHERS


def table(checkpoints: Sequence[Path]) -> str:
    """A row for each number that pictures follow, models by name."""
    rows = [HEADS, ("---",) * len(HEADS)]
    for path in sorted(checkpoints, key=lambda path: path.stem):
        controls = read_weights(path).controls
        followed = (each for each in controls.values() if each.source == "attribute" and each.steerable)
        rows += [_row(path.stem, each, goal_of(controls.dataset)) for each in followed]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def short_of(goal: Goal, evidence: Evidence) -> list[str]:
    """In what a control falls short of a goal: 'got' at 1, 'side effect', 'class', 'got at 2'."""
    once, twice = (_asked(evidence, amount) for amount in (1.0, 2.0))
    shares = [each.got / each.asked for each in once]
    checks = {
        "got": goal.least <= min(shares) and max(shares) <= goal.most,
        "side effect": abs(_worst_side(once).side_effect) <= goal.side,
        "class": _kept(once) is None or (_kept(once) or 0.0) >= goal.kept,
        "got at 2": min(abs(each.got) for each in twice) >= goal.twice,
    }
    return [name for name, reached in checks.items() if not reached]


def _row(model: str, control: Control, goal: Goal) -> tuple[str, ...]:
    evidence = control.evidence[-1]
    once, twice = (_asked(evidence, amount) for amount in (1.0, 2.0))
    worst, kept = _worst_side(once), _kept(once)
    return (
        f"`{model}`",
        f"{evidence.images:,}",
        control.name,
        f"{evidence.reading:.2f}",
        _both(once),
        _both(twice),
        f"{worst.side} {_signed(worst.side_effect)}" if worst.side else "",
        "" if kept is None else f"{kept:.0%}".replace("%", " %"),
        ", ".join(short_of(goal, evidence)),
    )


def _asked(evidence: Evidence, amount: float) -> tuple[Response, Response]:
    below, above = evidence.at(-amount), evidence.at(amount)
    assert below is not None
    assert above is not None
    return below, above


def _worst_side(responses: Sequence[Response]) -> Response:
    return max(responses, key=lambda each: abs(each.side_effect))


def _kept(responses: Sequence[Response]) -> float | None:
    return min((each.class_kept for each in responses if each.class_kept is not None), default=None)


def _both(responses: Sequence[Response]) -> str:
    return " / ".join(_signed(each.got) for each in responses)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+", type=Path, help="models that may have controls beside them")
    parser.add_argument("--write", type=Path, help="Markdown file whose table is replaced")
    arguments = parser.parse_args()
    lines = table(arguments.checkpoints)
    if arguments.write is None:
        print(lines)
        return
    text = arguments.write.read_text(encoding="utf-8")
    write_atomically(arguments.write, put_table(text, TITLE, lines).encode())


if __name__ == "__main__":
    main()
