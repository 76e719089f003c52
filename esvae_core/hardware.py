"""Where something computes: devices and processes, through Lightning Fabric."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from esvae_core.errors import TrainingError

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import Tensor

_MEETING = {"MASTER_ADDR", "SLURM_NTASKS", "LSB_JOBID", "OMPI_COMM_WORLD_SIZE"}
"""Of the environment: one of them is there where processes on several machines can find each other."""


@dataclass(frozen=True)
class Hardware:
    """Where a run computes; passed on to Lightning Fabric."""

    accelerator: str = "auto"
    devices: int | str = 1
    nodes: int = 1
    strategy: str = "auto"


def fabric_of(hardware: Hardware, precision: str) -> Fabric:
    """Fabric for the devices and processes, not yet launched.

    Raises:
        TrainingError: devices that are not there, or processes that could not come.
    """
    from lightning_fabric import Fabric

    _check_processes(hardware)
    try:
        return Fabric(
            accelerator=hardware.accelerator,
            devices=hardware.devices,
            num_nodes=hardware.nodes,
            strategy=hardware.strategy,
            precision=precision,  # type: ignore[arg-type]
        )
    except (ValueError, RuntimeError) as error:  # what Fabric says of devices that are not there
        raise TrainingError(f"{hardware.accelerator} x {hardware.devices}: {str(error).splitlines()[0]}") from error


def place(fabric: Fabric | None) -> tuple[int, int]:
    """Number of this process, from 0, and how many there are; without Fabric it is alone."""
    return (0, 1) if fabric is None else (fabric.global_rank, fabric.world_size)


def total(fabric: Fabric | None, values: Tensor) -> Tensor:
    """The sum of what all processes hold, of one shape, on the CPU."""
    if fabric is None:
        return values
    summed: Any = fabric.all_reduce(values.to(fabric.device), reduce_op="sum")
    return cast("Tensor", summed.cpu())


def _check_processes(hardware: Hardware) -> None:
    """Refuse what would wait for processes that cannot come.

    Raises:
        TrainingError: more processes than this machine has cores, or other machines without a word where to meet.
    """
    cores = os.cpu_count() or 1
    if isinstance(hardware.devices, int) and hardware.devices > cores:
        raise TrainingError(f"devices: expected at most {cores}, the cores of this machine, got {hardware.devices}")
    if hardware.nodes > 1 and not _MEETING.intersection(os.environ):
        raise TrainingError(
            f"nodes: {hardware.nodes} machines need MASTER_ADDR, MASTER_PORT and NODE_RANK in the environment of each, "
            "or a cluster that Lightning knows"
        )
