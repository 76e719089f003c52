"""Tables in Markdown files that a command writes: each lies between two comments."""

from __future__ import annotations


def put_table(text: str, title: str, new: str) -> str:
    """The text with what is between the marks of that title replaced by a new table.

    Raises:
        SystemExit: there are no such marks.
    """
    start, end = f"<!-- table: {title} -->", f"<!-- end: {title} -->"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"the file to write into has no '{start}' and '{end}'")
    return f"{before}{start}\n\n{new}\n\n{end}{after}"
