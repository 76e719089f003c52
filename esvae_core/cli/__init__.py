"""The `esvae` command: a thin layer of words over the library; one file per group of commands.

Nothing is imported here that takes time, so that Ctrl-C ends the command in one line from the start.
"""

from __future__ import annotations

import codecs
import logging
import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130
UNREAD = 141
"""What a shell calls the end by SIGPIPE."""


def main() -> None:
    """Entry point: user errors become one line and exit code 2, Ctrl-C one line and exit code 130.

    A command whose output nobody reads any more ends with 141 and no word.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # not in another thread, nor where it is ignored
        signal.signal(signal.SIGINT, _interrupted)
    try:
        _run()
    finally:
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, before)


def _interrupted(number: int, frame: FrameType | None) -> None:
    os.write(2, b"esvae: interrupted\n")  # a stream could be in use at this moment
    sys.exit(INTERRUPTED)


def _run() -> None:
    from esvae_core.cli import console
    from esvae_core.cli.commands import app
    from esvae_core.errors import EsvaeError
    from esvae_core.malloc import keep_large_blocks

    codecs.register_error("esvae", _as_number)
    if sys.stdout is None:  # it was closed before this began: nobody reads
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - as long as the process lasts
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="esvae")
    keep_large_blocks()
    logging.getLogger("esvae_core").handlers = [console.Log(logging.WARNING)]
    try:
        try:
            app(prog_name="esvae")  # by which shells ask it for completions, too
        finally:
            _flush()
    except EsvaeError as error:
        console.err.print(console.text(f"esvae: {error}", "red"), soft_wrap=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(UNREAD)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # Rich and Typer make it an exit with 1
            sys.exit(UNREAD)
        raise
    except OSError as error:  # of a path that the system refuses, e.g. too long a name; or output to a full disk
        where = f"{error.filename}: " if error.filename else ""
        console.err.print(console.text(f"esvae: {where}{error.strerror or error}", "red"), soft_wrap=True)
        sys.exit(2)


def _flush() -> None:
    """Write what is left of the output while it can still be told that it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python tries once more at its end
        raise


def _as_number(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that a terminal cannot show: their numbers, in the form that JSON reads, too."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)), error.end
