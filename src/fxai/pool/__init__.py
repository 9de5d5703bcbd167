"""The parent's side of workers: the `WorkerPool` contract, a pool of processes, and a pool inside this process."""

from fxai.pool.contract import Activity, PoolNotice, TrialStarted, WorkerEvent, WorkerLost, WorkerPool
from fxai.pool.early_workers import EarlyWorkers
from fxai.pool.inline import InlinePool
from fxai.pool.limits import Limits
from fxai.pool.local_pool import LocalPool
from fxai.pool.machine import available_memory, gpu_memory
from fxai.pool.running_trials import RunningTrial
from fxai.pool.slots import SlotPlan, machine_slots, slot_on

__all__ = [
    "Activity",
    "EarlyWorkers",
    "InlinePool",
    "Limits",
    "LocalPool",
    "PoolNotice",
    "RunningTrial",
    "SlotPlan",
    "TrialStarted",
    "WorkerEvent",
    "WorkerLost",
    "WorkerPool",
    "available_memory",
    "gpu_memory",
    "machine_slots",
    "slot_on",
]
