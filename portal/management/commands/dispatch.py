import logging
import signal
import time
from threading import Event
from typing import Any

import kombu.exceptions
import redis
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from follow_ups import agenda, bell
from portal.jobs import hand_out

log = logging.getLogger(__name__)
IDLE_SECONDS, BUSY_SECONDS = 1.0, 0.2
# After the last work or ring: not everything that becomes due then is rung for.
STAYS_BUSY = 1.0
# How Redis says that it is away, directly and through Celery.
_NO_QUEUE = (redis.RedisError, kombu.exceptions.OperationalError, OSError)


class Command(BaseCommand):
    help = "Hand what is due to the workers, until it is stopped. Several may run side by side."

    def handle(self, *args: Any, **options: Any) -> str:
        self.stopped, self.busy_until = Event(), 0.0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        handed = 0
        while not self.stopped.is_set():
            try:
                handed += self._tick()
            except (OperationalError, *_NO_QUEUE) as error:
                # PostgreSQL or Redis is away.
                log.warning("dispatcher waits: %s", type(error).__name__)
                close_old_connections()
                self.stopped.wait(0.5)
        return f"Stopped; handed out {handed} follow-ups."

    def _stop(self, number: int, frame: Any) -> None:
        self.stopped.set()

    def _tick(self) -> int:
        claimed = agenda.claim()
        for number, row in enumerate(claimed):
            try:
                hand_out(row)
            except _NO_QUEUE:
                agenda.hand_back(claimed[number:])
                raise
        if claimed or bell.wait(BUSY_SECONDS if time.monotonic() < self.busy_until else IDLE_SECONDS):
            self.busy_until = time.monotonic() + STAYS_BUSY
        return len(claimed)
