"""The letters of captions."""

from __future__ import annotations

import numpy as np

from esvae_core.bitmap_font import ALPHABET, written


def drawn(text):
    return ["".join("#" if bit else "." for bit in row) for row in written(text)]


def test_letters_stand_side_by_side():
    assert drawn("d7") == ["##..###", "#.#...#", "#.#..#.", "#.#..#.", "##...#."]


def test_every_printable_ascii_letter_is_its_own():
    capitals = [chr(code) for code in range(32, 127) if not chr(code).islower()]
    assert sorted(ALPHABET[::6]) == capitals
    assert len({written(letter).tobytes() for letter in capitals}) == len(capitals)


def test_small_letters_are_capitals_and_unknown_ones_blocks():
    assert np.array_equal(written("az"), written("AZ"))
    assert written("é").all()
    assert written("\N{SNOWMAN}").all()
