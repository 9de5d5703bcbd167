"""Run by test_early_workers: a parent whose workers wait for their welcome, that reads its stdin to the end."""

import sys

from fxai.pool import EarlyWorkers, SlotPlan
from fxai.protocol import Slot


def main() -> None:
    slots = (Slot(0), Slot(1))
    EarlyWorkers(SlotPlan(slots), slots, "")
    sys.stdout.write("started\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
