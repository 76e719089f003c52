"""The rivals: models that ESVAE is compared with, trained and measured by the same commands (docs/baselines.md)."""
