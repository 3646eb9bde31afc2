"""The internal address: what Caddy and health checks ask. Answered to nobody outside (portal/hosts.py)."""

from django.urls import path

from portal.health import healthz

urlpatterns = [path("healthz", healthz, name="healthz")]
