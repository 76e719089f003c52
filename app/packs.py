"""Arrays for the page; `esvae_core.explore.packs` packs them."""

from esvae_core.explore.packs import pack

__all__ = ["pack"]
