"""Asks a Ray cluster for its versions and nodes, and prints the answer as JSON. Runs as a short process.

python -m fxai.pool.ray.cluster_probe HOST:PORT
"""

import json
import sys

from fxai.pool.ray.messages import NodeOffer
from fxai.protocol.wire import to_line


def main() -> None:
    from ray._raylet import GcsClient  # noqa: PLC0415 - `ray.init` takes seconds, and waits for minutes

    alive = 0  # of `GcsNodeInfo.GcsNodeState`
    try:
        client = GcsClient(address=sys.argv[1])
        metadata = json.loads(client.internal_kv_get(b"CLUSTER_METADATA", b"cluster"))
        nodes = [
            NodeOffer(node.node_manager_hostname, node.node_manager_address, dict(node.resources_total))
            for node in client.get_all_node_info().values()
            if node.state == alive
        ]
        answer: dict[str, object] = {
            "ray": metadata["ray_version"],
            "python": metadata["python_version"],
            "nodes": nodes,
        }
    except Exception as error:  # noqa: BLE001 - the parent decides by its name
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.write(to_line(answer).decode())


if __name__ == "__main__":
    main()
