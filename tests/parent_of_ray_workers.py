"""Run by test_ray_hosts: a parent with a busy worker on a Ray cluster, or on a Ray that it starts itself."""

import sys
from pathlib import Path

from drive_workers import request_for
from fxai.pool import Limits
from fxai.pool.ray.messages import StartRay, WorkerDemand
from fxai.pool.ray.ray_hosts import RayHosts
from fxai.pool.remote.remote_pool import RemotePool
from fxai.protocol import Report
from ray_cluster import node_files


def main(folder: Path, address: str | None) -> None:
    arguments = {} if address else {"num_cpus": 1}
    hosts = RayHosts(StartRay(address, arguments, node_files(folder)), folder / "ray.log")
    hosts.open(WorkerDemand(cpus=1, gpu_share=0.0, workers=1, most=1))
    pool = RemotePool(hosts, None, Limits(), folder / "logs")
    while not pool.free_slots:
        pool.events(1.0)
    pool.submit(request_for("counts", 1, folder))
    reports: list[Report] = []
    while not reports:
        reports = [event for event in pool.events(1.0) if isinstance(event, Report)]
    sys.stdout.write(f"{int(reports[0].metrics['pid'])}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None)
