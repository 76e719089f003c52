"""What is wrong with a link; apart from `state`, so that the server answers before NumPy is imported."""

from __future__ import annotations

from esvae_core.errors import EsvaeError


class LinkError(EsvaeError):
    """A link does not describe a state; says which part, what was found and what was expected."""
