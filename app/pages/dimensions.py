"""Dimensions: what each latent neuron is used for, and what it does to the picture."""

from app.components.stage import stage


def page() -> None:
    """Draw the page; all of it is the view's."""
    stage("dimensions")
