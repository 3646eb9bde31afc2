"""What every part of the sandbox is handed: its state, its courier, and where it is reached."""

from dataclasses import dataclass, field

from sandbox.delivery import Lanes
from sandbox.dns.server import NameServer
from sandbox.faults import Faults
from sandbox.hms.limits import Limiter
from sandbox.store import Store


@dataclass
class World:
    """One running sandbox. `base_url` and `platform_url` have no slash at their end; `smtp_port` is for showing.

    `also_named` are host names it answers to beside those of this machine.
    """

    store: Store
    names: NameServer
    base_url: str
    platform_url: str = ""
    smtp_port: int = 0
    also_named: frozenset[str] = frozenset()
    lanes: Lanes = field(default_factory=Lanes)
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter = field(default_factory=Limiter)
