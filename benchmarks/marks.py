"""Tables in Markdown files that a command writes: each lies between two comments."""

from __future__ import annotations


def put_table(text: str, title: str, new: str) -> str:
    """The text with what is between the marks of that title replaced by a new table.

    Raises:
        SystemExit: there are no such marks.
    """
    before, start, _, end, after = _parts(text, title)
    return f"{before}{start}\n\n{new}\n\n{end}{after}"


def table_in(text: str, title: str) -> str:
    """What is between the marks of that title.

    Raises:
        SystemExit: there are no such marks.
    """
    return _parts(text, title)[2].strip()


def _parts(text: str, title: str) -> tuple[str, str, str, str, str]:
    start, end = f"<!-- table: {title} -->", f"<!-- end: {title} -->"
    before, found, rest = text.partition(start)
    between, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"the file to write into has no '{start}' and '{end}'")
    return before, start, between, end, after
