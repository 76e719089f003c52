"""Attributes of images, and controls: named and calibrated directions of a latent (docs/controls.md)."""
