"""Lessons beside a checkpoint: NAME.lessons.json, a list of prepared states with a title and a text each.

    [{"title": "A thin 7", "text": "The rates of ... Drag ...", "link": "http://127.0.0.1:8501/?s=2~mnist~..."}]

`link` is what the button *Link* of the page copies, or its part after `s=`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from app.state import State, TestImage, decode, encode
from esvae_core.errors import EsvaeError, InputError
from esvae_core.files import read_regular
from esvae_core.text import reason

SUFFIX = ".lessons.json"
MAX_BYTES = 2**16
MOST = 20
"""Lessons of one model."""
_VIEW = "lesson"  # of a state, by which the page knows whose it is


class _Lesson(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]
    link: Annotated[str, StringConstraints(min_length=1, max_length=16_384)]


_FILE = TypeAdapter(Annotated[list[_Lesson], Field(max_length=MOST)])


def beside(checkpoint: Path) -> Path:
    """Where a checkpoint's lessons are."""
    return checkpoint.with_suffix(SUFFIX)


def read(path: Path, model: str, dims: int, shows: Callable[[int], bool]) -> list[dict[str, str]]:
    """Lessons of a file as the page takes them: id, title, text and link each.

    Args:
        path: The file.
        model: Name of the checkpoint here; links get it, whatever it was called where they were made.
        dims: Its number of latent dimensions.
        shows: Whether a test image is in its atlas.

    Raises:
        InputError: if the file cannot be read, is too large, no such list, or a link does not open; one line.
    """
    try:
        found = _FILE.validate_json(read_regular(path, MAX_BYTES))
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {f'{place}: ' if place else ''}{first['msg']}") from None
    lessons = []
    for i, lesson in enumerate(found):
        try:
            state = _opened(lesson.link, f"own{i}", model, dims, shows)
        except EsvaeError as error:
            raise InputError(f"{path}: {i}.link: {error}") from None
        lessons.append({"id": f"own{i}", "title": lesson.title, "text": lesson.text, "link": encode(state)})
    return lessons


def _opened(link: str, name: str, model: str, dims: int, shows: Callable[[int], bool]) -> State:
    state = decode(parse_qs(urlsplit(link).query).get("s", [link])[0] if "?" in link else link)
    if len(state.rates) != dims:
        raise InputError(f"expected {dims} rates, found {len(state.rates)}")
    if isinstance(state.source, TestImage) and not shows(state.source.index):
        raise InputError(f"test image {state.source.index} is not in the atlas")
    view = tuple((key, value) for key, value in state.view if key != _VIEW)
    return replace(state, model=model, view=(*view, (_VIEW, name)))
