"""Map: real images by their rates, and where the present rates lie among them."""

from app.components.stage import stage


def page() -> None:
    """Draw the page; all of it is the view's."""
    stage("map")
