"""Measuring models: each metric a function of arrays, and what assembles them."""
