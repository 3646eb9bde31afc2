"""Addresses of the API, below /api/v1/ of a portal. `openapi.json` describes each of them."""

from django.urls import path

from portal.api import access, calling, reading
from portal.api.access import Endpoint

app_name = "api"
urlpatterns = [
    path("balance", Endpoint(GET=reading.balance), name="balance"),
    path("calls", Endpoint(GET=reading.calls, POST=calling.start), name="calls"),
    path("calls/<uuid:call_id>", Endpoint(GET=reading.call), name="call"),
    path("statement", Endpoint(GET=reading.statement), name="statement"),
    path("assistants", Endpoint(GET=calling.who), name="assistants"),
    path("numbers", Endpoint(GET=calling.numbers), name="numbers"),
    path("openapi.json", Endpoint(GET=reading.openapi), name="openapi"),
    path("<path:rest>", access.nothing, name="nothing"),
]
