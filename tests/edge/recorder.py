"""A web server on loopback that keeps the heads of all requests as they arrived, and says yes to everything."""

import http.server
import threading
from typing import Any

Head = list[tuple[str, str]]


class Recorder:
    """`requests` are pairs of a path and its headers, oldest first."""

    def __init__(self, *, port: int = 0) -> None:
        self.requests: list[tuple[str, Head]] = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                recorder.requests.append((self.path, list(self.headers.items())))
                self._read_body()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                # Nothing of it answers any more once it is gone.
                self.send_header("Connection", "close")
                self.end_headers()

            def do_POST(self) -> None:
                self.do_GET()

            def _read_body(self) -> None:
                """Whole, as a web server does; a body in chunks as well."""
                left = int(self.headers.get("Content-Length", 0))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline() or b"0", 16):
                        self.rfile.read(size + 2)
                self.rfile.read(left)

            def log_message(self, *args: Any) -> None:
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def arrived(self, path: str) -> Head:
        """The headers of the newest request for a path."""
        return next(head for asked, head in reversed(self.requests) if asked == path)

    def __enter__(self) -> "Recorder":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
