"""Spikes: the spike trains behind a picture, the laws they follow, and what each of them does."""

from app.components.stage import stage


def page() -> None:
    """Draw the page; all of it is the view's."""
    stage("spikes")
