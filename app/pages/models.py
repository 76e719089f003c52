"""Models: all checkpoints with their measured figures, and two of them side by side."""

from app.components.stage import stage


def page() -> None:
    """Draw the page; all of it is the view's."""
    stage("models")
