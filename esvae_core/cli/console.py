"""What commands say: consoles, progress, tables, and results for people or machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

out = Console()
err = Console(stderr=True)


def bar() -> Bar:
    """Progress on the error console, gone when it ends; its tasks carry a field `left`."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def table(first: str, *others: str) -> Table:
    """A table whose first column, the one that people copy from, is never cut."""
    table = Table()
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, overflow="fold")
    return table


def duration(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def say(as_json: bool, text: str, **values: Any) -> None:
    """A command's result: a line for people, or its values as JSON."""
    if as_json:
        print(json.dumps(values))
    else:
        out.print(Text(text), soft_wrap=True)


def plain(value: Any) -> str:
    """A setting in one line."""
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return ", ".join(f"{key} {part}" for key, part in value.model_dump().items())
    return str(value)
