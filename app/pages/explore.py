"""Explore: a picture, the spikes and the firing rates behind it, and a bar for each rate."""

from app.components.stage import stage


def page() -> None:
    """Draw the page; all of it is the view's."""
    stage("explore")
