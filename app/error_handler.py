"""What happens when something breaks that nobody foresaw."""

import logging

import streamlit as st

_LOG = logging.getLogger("esvae.app")


def report(error: Exception) -> bool:
    """Log the error with its trace, tell the visitor calmly; the app lives on.

    Returns:
        True: Streamlit shall not print the trace into the page.
    """
    _LOG.error("unexpected error in the explorer", exc_info=error)
    st.error(
        "Something unexpected went wrong here; the details are in the log of the server. "
        "Undo, another source or a reload of the page should help.",
        icon=":material/error:",
    )
    return True
