"""What commands say: consoles, progress, tables, and results for people or machines.

What comes from outside, such as names in a file, goes through `text`, or as JSON, whose escapes leave ASCII alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from esvae_core.text import shown

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.progress import Progress as Bar

out = Console()
err = Console(stderr=True)


def text(value: object, style: str = "") -> Text:
    """A line, title or cell as it is: no markup, and nothing in it acts on the terminal, see `shown`."""
    return Text(shown(str(value)), style)


class Log(logging.Handler):
    """Messages of the library, one line each, on the error console."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it."""
        err.print(text(record.getMessage()), soft_wrap=True)


def bar() -> Bar:
    """Progress on the error console, gone when it ends; its tasks carry a field `left`."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn

    class Description(ProgressColumn):
        def render(self, task: Task) -> Text:
            return text(task.description)

    class Hidden(Progress):
        def stop(self) -> None:
            if not self.disable:  # up to Rich 14.0 even a disabled bar ends with an empty line
                super().stop()

    columns = (Description(), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    return Hidden(*columns, console=err, transient=True, disable=not err.is_terminal)


def table(first: str, *others: str, compact: bool = False) -> Table:
    """A table whose first column, the one that people copy from, is never cut.

    Args:
        first: Title of that column.
        others: Titles of the others.
        compact: Without lines between the columns, for many of them in 80 letters.
    """
    table = Table(box=None, padding=(0, 1, 0, 0)) if compact else Table()
    table.add_column(_title(first), no_wrap=True)
    for name in others:
        table.add_column(_title(name), overflow="fold")
    return table


def _title(name: str) -> Text:
    """As `text`, in the lines that it has."""
    return Text("\n".join(map(shown, name.split("\n"))))


def duration(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def say(as_json: bool, lines: str | Iterable[str], /, **values: Any) -> None:
    """A command's result: a line or more for people, or its values as JSON."""
    if as_json:
        print(json.dumps(values))
        return
    for line in [lines] if isinstance(lines, str) else lines:
        out.print(text(line), soft_wrap=True)


def say_json(record: BaseModel) -> None:
    """A record as JSON of ASCII alone; numbers that are not finite are null."""
    print(json.dumps(json.loads(record.model_dump_json()), indent=2))


def plain(value: Any) -> str:
    """A setting in one line."""
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return ", ".join(f"{key} {part}" for key, part in value.model_dump().items())
    return str(value)
