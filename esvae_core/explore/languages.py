"""Translations of the page's words: a JSON file of messages and what they are called, named by the language's code.

`esvae_core/web/languages/en.json` lists the messages; docs/translate.md says how a translation is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from esvae_core.errors import InputError
from esvae_core.files import read_regular
from esvae_core.front_end import FRONT_END

FOLDER = FRONT_END / "languages"
ENGLISH = "en"
"""What the code of the page is written in; its file is the list of messages."""
_MAX_BYTES = 2**21  # ten times the list
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PLACE = re.compile(r"\{\d+\}")


@dataclass(frozen=True)
class Translation:
    """Words of the page in another language.

    Attributes:
        code: Of the language, as in "de" or "pt-BR".
        messages: By what stands in the code; values have places there, "{0} test images".
    """

    code: str
    messages: Mapping[str, str]


def read_translation(path: Path) -> Translation:
    """A translation from its file.

    Raises:
        InputError: it cannot be read, is named by no language, or holds something else.
    """
    if not _CODE.fullmatch(path.stem) or path.suffix != ".json":
        raise InputError(f"{path}: expected a name that is a language's code, such as de.json")
    try:
        messages = json.loads(read_regular(path, _MAX_BYTES))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: expected JSON, found something else") from None
    if not isinstance(messages, dict) or not all(isinstance(text, str) for text in messages.values()):
        raise InputError(f"{path}: expected an object of texts, as {FOLDER / 'en.json'} is one")
    for message, text in messages.items():
        if more := set(_PLACE.findall(text)) - set(_PLACE.findall(message)):
            raise InputError(f"{path}: {sorted(more)[0]} has no value in {message!r}")
    return Translation(path.stem, messages)


def translations(more: Path | None = None) -> dict[str, Translation]:
    """Those that come with the page, and those of a folder, by their codes in alphabetical order.

    Raises:
        InputError: one cannot be read, or the folder is none.
    """
    if more is not None and not more.is_dir():
        raise InputError(f"{more}: expected a folder of translations")
    folders = [FOLDER] if more is None else [FOLDER, more]
    read = [read_translation(file) for folder in folders for file in sorted(folder.glob("*.json"))]
    return {each.code: each for each in sorted(read, key=lambda each: each.code) if each.code != ENGLISH}
