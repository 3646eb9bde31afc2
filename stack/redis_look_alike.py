"""A process that answers like Redis, for Pythons without a Redis wheel on machines without Redis.

Usage: python redis_look_alike.py <port>. Loopback only; it ends when it is told to.
"""

import sys

from fakeredis import TcpFakeServer


def main() -> None:
    """Answers until the process is ended."""
    server = TcpFakeServer(("127.0.0.1", int(sys.argv[1])))
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
