"""The internal address: what Caddy and health checks ask. Answered to nobody outside (portal/hosts.py)."""

from django.urls import path

from portal.health import healthz
from portal.internal.tls import tls_allowed

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("internal/tls-allowed", tls_allowed, name="tls_allowed"),
]
