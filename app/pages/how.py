"""How it works: the path of data from an image to its picture, for the present example."""

from app.components.stage import stage


def page() -> None:
    """Draw the page; all of it is the view's."""
    stage("how")
