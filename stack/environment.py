"""The environment variables that the product's processes get, and the secrets and ports behind them."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack import terminal

DEFAULT_PORT = 8000
# Below what systems give to connections as they open: a port from there may be taken between looking and listening.
_QUIET_PORTS = range(10_000, 32_000, 5)
# What agencies' CNAMEs lead to; in the sandbox's DNS it is this machine.
INGRESS = "connect.localhost"


@dataclass(frozen=True)
class Ports:
    """Five neighbours: the portal, the sandbox, its mailbox and its name server, and the portal's door for HMS."""

    web: int

    @property
    def sandbox(self) -> int:
        """HMS, Stripe and their pages."""
        return self.web + 1

    @property
    def mail(self) -> int:
        """SMTP."""
        return self.web + 2

    @property
    def dns(self) -> int:
        """DNS, over UDP and TCP."""
        return self.web + 3

    @property
    def hooks(self) -> int:
        """Where HMS reports: the portal once more, in a process that may wait."""
        return self.web + 4


def read_ports(environment: Mapping[str, str]) -> Ports:
    """From PORT. Raises Trouble when it is no port number that leaves room for its neighbours."""
    text = environment.get("PORT", "") or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65531:
        raise terminal.Trouble(f"PORT={text} is not a port number from 1 to 65531.")
    return Ports(web=int(text))


def require_free(ports: Ports) -> None:
    """Raises Trouble naming the first port that another program holds."""
    streams = [(port, socket.SOCK_STREAM) for port in (ports.web, ports.sandbox, ports.mail, ports.dns, ports.hooks)]
    for port, kind in [*streams, (ports.dns, socket.SOCK_DGRAM)]:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except PermissionError as error:
                raise terminal.Trouble(f"only root may use port {port}: choose another, make up PORT=9000") from error
            except OSError as error:
                raise terminal.Trouble(
                    f"port {port} is in use by another program: choose another, make up PORT=9000 "
                    "(the four ports after it are used as well)."
                ) from error


def find_free() -> Ports:
    """Five neighbours that nobody holds, in a place where no connection takes them before they are listened on."""
    while True:
        ports = Ports(web=random.choice(_QUIET_PORTS))  # noqa: S311 - nothing is secret about it
        with contextlib.suppress(terminal.Trouble):
            require_free(ports)
            return ports


def keep_secrets(path: Path) -> dict[str, str]:
    """The secrets of this checkout: made once, kept in a file that only its owner reads."""
    if not path.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "VAULT_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in made.items())
        fresh.rename(path)
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def local(
    *, ports: Ports, database_url: str, redis_url: str, kept: Mapping[str, str], embedded: bool = True
) -> dict[str, str]:
    """Everything the settings need, for a portal on this machine with the sandbox as its outside world.

    `embedded` says whether one of the servers is ours; production settings refuse that.
    """
    sandbox = f"http://127.0.0.1:{ports.sandbox}"
    return {
        **kept,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_SCHEME": "http",
        "PUBLIC_PORT": str(ports.web),
        "PLATFORM_HOST": "portal.localhost",
        "OPERATOR_HOST": "operators.localhost",
        "INTERNAL_HOST": "127.0.0.1",
        "DOMAIN_TARGET_BASE": INGRESS,
        "INGRESS_ADDRESSES": "127.0.0.1",
        "DNS_MAY_ASK_PRIVATE": "true",
        "CERTIFICATE_PROBE": "",
        "HMS_API_URL": f"{sandbox}/hms/api/v1",
        "HMS_WEB_CALL_URL": f"{sandbox}/hms/v1/web-calls",
        "HMS_REPORTS_TO": f"http://portal.localhost:{ports.hooks}",
        "STRIPE_API_URL": f"{sandbox}/stripe",
        "STRIPE_CHECKOUT_ORIGIN": f"http://localhost:{ports.sandbox}",
        "SANDBOX_URL": sandbox,
        "OUTSIDE_NETWORKS": "127.0.0.0/8,::1/128",
        "EMAIL_URL": f"smtp://127.0.0.1:{ports.mail}",
        "DNS_SERVERS": f"127.0.0.1:{ports.dns}",
        "DNS_AUTHORITATIVE_PORT": str(ports.dns),
        "DEFAULT_FROM_EMAIL": "Portal <hello@portal.localhost>",
        "OWNERS_NEED_SECOND_FACTOR": "false",
        "PRODUCTION": "false",
        "EMBEDDED_SERVERS": "true" if embedded else "false",
    }


def like_production() -> dict[str, str]:
    """What a real installation would set, with addresses that nobody connects to: for `manage.py check --deploy`."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": "postgresql://portal:unused@database.example.com:5432/portal",
        "REDIS_URL": "redis://:unused@redis.example.com:6379/0",
        "PUBLIC_SCHEME": "https",
        "PUBLIC_PORT": "",
        "PLATFORM_HOST": "portal.example.com",
        "OPERATOR_HOST": "operators.example.com",
        "INTERNAL_HOST": "127.0.0.1",
        "DOMAIN_TARGET_BASE": "connect.example.net",
        "INGRESS_ADDRESSES": "192.0.2.10",
        "DNS_MAY_ASK_PRIVATE": "false",
        "CERTIFICATE_PROBE": "192.0.2.10:443",
        "HMS_API_URL": "https://api.hmsovereign.com/api/v1",
        "HMS_WEB_CALL_URL": "https://assistant-api.hmsovereign.com/v1/web-calls",
        "HMS_REPORTS_TO": "",
        "STRIPE_API_URL": "https://api.stripe.com",
        "STRIPE_CHECKOUT_ORIGIN": "https://checkout.stripe.com",
        "SANDBOX_URL": "",
        "OUTSIDE_NETWORKS": "",
        "EMAIL_URL": "smtp+tls://user:unused@mail.example.com:587",
        "DNS_SERVERS": "",
        "DNS_AUTHORITATIVE_PORT": "53",
        "DEFAULT_FROM_EMAIL": "Portal <hello@portal.example.com>",
        "OWNERS_NEED_SECOND_FACTOR": "true",
        "PRODUCTION": "true",
        "EMBEDDED_SERVERS": "false",
    }
