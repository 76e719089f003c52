"""What a picture costs: the group "cost", operations per layer from shapes and firing rates, counted ones, energy."""

from esvae_core.evaluation.cost.group import cost
from esvae_core.evaluation.cost.operation_count import Operations, operations
from esvae_core.evaluation.cost.per_layer import (
    Costs,
    costs,
    inputs,
    neurons,
    prior_costs,
    prior_synapses,
    readout_synapses,
    synapses,
)

__all__ = [
    "Costs",
    "Operations",
    "cost",
    "costs",
    "inputs",
    "neurons",
    "operations",
    "prior_costs",
    "prior_synapses",
    "readout_synapses",
    "synapses",
]
