"""Thin wrappers that place a part of the front end in a page."""
