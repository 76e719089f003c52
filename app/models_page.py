"""Models: all checkpoints with their measured figures, two of them side by side, and charts of the one at work."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from app.component import place_view

if TYPE_CHECKING:
    from app.catalogue import Entry


def page() -> None:
    """Draw the view, and below it what is read and does not move."""
    model = place_view("models", tells_model=True)
    if model is None:
        return
    from app import catalogue  # the view itself needs none of it

    entries = catalogue.find()
    theme = f"theme.{st.context.theme.type or 'light'}"
    colours = (st.get_option(f"{theme}.primaryColor"), st.get_option(f"{theme}.textColor"))
    _charts(entries, tuple((entry.name, entry.changed) for entry in entries), model, *colours)


@st.cache_data(show_spinner=False, max_entries=64)  # Streamlit checks a figure anew in each run
def _charts(_entries: list[Entry], files: tuple[tuple[str, int], ...], name: str, accent: str, ink: str) -> None:
    """Charts of a model beside each other; those of the same `files` are sent again as they were."""
    from app import charts

    drawn = charts.about(_entries, name, accent, ink)
    for column, chart in zip(st.columns(len(drawn) or 1), drawn, strict=False):
        with column:
            st.markdown(f"**{chart.title}**", help=chart.help)
            st.plotly_chart(chart.figure, key=f"chart-{chart.title}", config=charts.CONFIG, alt=chart.words)
            st.html(f'<p class="chart-words">{html.escape(chart.words)}</p>')  # names are text, not Markdown
