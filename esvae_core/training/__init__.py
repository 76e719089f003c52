"""Training: the run, its schedule, its state, its log."""
