"""The parts of a W&B server that an upload needs. The tests cannot start a real W&B server."""

import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WandbServer(ThreadingHTTPServer):
    """`uploaded` has the name of each run whose upload is complete."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.names: dict[str, str] = {}
        self.uploaded: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WandbServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        answer: dict[str, Any] = {}
        if self.path.endswith("/graphql"):
            answer = {"data": self._graphql(json.loads(body))}
        elif self.path.endswith("/file_stream") and json.loads(body).get("complete"):
            self.server.uploaded.append(self.server.names[self.path.split("/")[-2]])
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_PUT = do_POST  # noqa: N815 - the name is the library's

    def _graphql(self, request: dict[str, Any]) -> dict[str, Any]:
        variables = request.get("variables") or {}
        operation = re.search(r"(?:query|mutation)\s+(\w+)", request["query"])
        match operation and operation[1]:
            case "UpsertBucket":
                run, name = variables["name"], variables.get("displayName", "")
                self.server.names.setdefault(run, name)
                project = {"id": "p", "name": variables.get("project"), "entity": {"id": "e", "name": "me"}}
                bucket = {"id": "b", "name": run, "displayName": name, "project": project, "historyLineCount": 0}
                return {"upsertBucket": {"bucket": bucket, "inserted": True}}
            case "CreateRunFiles":
                files = [{"name": name, "uploadUrl": f"{self.server.url}/{name}"} for name in variables["files"]]
                return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
            case _:
                return {}

    def log_message(self, *arguments: Any) -> None:
        """Prints nothing on the terminal."""


@contextmanager
def running_server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
