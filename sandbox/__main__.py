"""`python -m sandbox`: runs the sandbox until SIGTERM or Ctrl-C."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence

from sandbox.server import LOOPBACK, Server


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the words of a command line say; those of this process unless given."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="HMS, Stripe, a mailbox and DNS on loopback."
    )
    parser.add_argument(
        "--host", default=LOOPBACK, metavar="ADDRESS", help="to listen on; more than loopback shows all"
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="NAME",
        help="answer to this host name too, such as a container's",
    )
    parser.add_argument("--port", type=int, default=8001, help="of the web server")
    parser.add_argument("--smtp-port", type=int, default=8002, help="of the mailbox")
    parser.add_argument("--dns-port", type=int, default=8003, help="of the name server")
    parser.add_argument("--ingress", default="", metavar="NAME", help="a name that leads to this machine, in DNS")
    parser.add_argument("--state", default="var/sandbox.sqlite3", help="file that keeps everything")
    parser.add_argument("--platform", default="", metavar="URL", help="the portal to link to")
    return parser.parse_args(words)


def main() -> int:
    options = arguments()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        server = Server(
            host=options.host,
            also_named=options.name,
            port=options.port,
            smtp_port=options.smtp_port,
            dns_port=options.dns_port,
            state=options.state,
            platform_url=options.platform,
            ingress=options.ingress,
        )
        server.start()
    except OSError as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 1
    ports = f"mail on port {server.smtp_port}, DNS on port {server.dns_port}"
    print(f"Sandbox ready: {server.world.base_url} ({ports})", flush=True)
    stopped.wait()
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
