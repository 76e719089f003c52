"""Models: all checkpoints with their measured figures, two of them side by side, and charts of the one at work."""

import streamlit as st

from app.components.stage import stage


def page() -> None:
    """Draw the view, and below it what is read and does not move."""
    state = stage("models")
    if state is None:
        return
    from app import catalogue, charts  # PyTorch and Plotly; the view itself needs neither

    accent = st.get_option(f"theme.{st.context.theme.type or 'light'}.primaryColor")
    drawn = charts.about(catalogue.find(), state.model, accent)
    for column, chart in zip(st.columns(len(drawn) or 1), drawn, strict=False):
        with column:
            st.markdown(f"**{chart.title}**")
            st.plotly_chart(chart.figure, key=f"chart-{chart.title}", config=charts.CONFIG, alt=chart.words)
            st.caption(chart.words)
