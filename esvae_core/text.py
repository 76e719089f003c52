"""Names and messages from outside as text that a terminal, a log or JSON can hold."""

from __future__ import annotations

MOST = 2000
"""Characters of a message that are worth reading."""


def shown(text: str, most: int = MOST) -> str:
    r"""A text in one line, each character that would not show, or would act on a terminal, as `repr` writes it.

    Those are control characters with ESC and line breaks (\x1b, \x9b, \n), marks that turn the direction of writing
    (U+202E), lone surrogates, which stand for bytes of a file name that are not UTF-8 (\udcff), and unusual spaces.

    Args:
        text: Whatever a file, its name or its content says.
        most: Characters that are kept of a longer one: three quarters from its beginning, a quarter from its end,
            since messages say at their end what was expected.
    """
    if len(text) > most:
        text = f"{text[: most - most // 4]}...{text[len(text) - most // 4 :]}"
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be used, without its name, which the message begins with."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
