"""One view."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

TABLE = "CREATE TABLE bench_received (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload bytea NOT NULL)"


def receive(request: HttpRequest) -> HttpResponse:
    """Store the body."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_received (payload) VALUES (%s)", [request.body])
    return JsonResponse({"received": True}, headers={"Content-Length": "18"})


def healthz(request: HttpRequest) -> HttpResponse:
    """Whether it is up."""
    return HttpResponse("ok")


urlpatterns = [path("receive", receive), path("healthz", healthz)]
