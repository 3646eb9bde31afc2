"""The application for HMS's reports, whose threads mostly wait for clients' endpoints: they share a few connections.

Each gives its connection back before it waits. To close it instead and open one afterwards would cost the server more
than all that the request asks of it: a new process for each, which has to learn every table anew.
"""

import os

os.environ.setdefault("DATABASE_POOL", "16")

from portal.wsgi import application

__all__ = ["application"]
