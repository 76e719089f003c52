"""Interpolate: walks between latents."""

from app.components.stage import stage


def page() -> None:
    """Draw the page; all of it is the view's."""
    stage("interpolate")
