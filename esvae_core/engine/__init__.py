"""Fast inference behind the model: the folded plan and its bundle for the browser, a slow reference, frozen noise."""

from esvae_core.engine.bundle import from_bundle, to_bundle
from esvae_core.engine.plan import Plan, plan_of

__all__ = ["Plan", "from_bundle", "plan_of", "to_bundle"]
