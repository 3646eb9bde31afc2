"""The thread that makes things happen when they are due; what fell due while it was off happens at the start."""

import logging
import threading
from collections.abc import Callable, Mapping

from sandbox import times
from sandbox.store import Document
from sandbox.world import World

Handler = Callable[[World, Document], None]
TICK_SECONDS = 0.05

log = logging.getLogger("sandbox.clock")


class Clock:
    """Hands each due document to the handler of its kind, which re-arms or disarms it and never waits on a network."""

    def __init__(self, world: World, handlers: Mapping[str, Handler]) -> None:
        self._world = world
        self._handlers = handlers
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            for kind, id_ in self._world.store.due(times.now()):
                self._handle(kind, id_)

    def _handle(self, kind: str, id_: str) -> None:
        document = self._world.store.get(kind, id_)
        if document is None:
            return
        try:
            self._handlers[kind](self._world, document)
        except Exception:
            # One broken document must not stop the clock for all others; it is set aside and shown in the log.
            log.exception("%s %s could not be handled", kind, id_)
            self._world.store.arm(kind, id_, None)
