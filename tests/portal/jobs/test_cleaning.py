from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.celery import app
from portal.jobs import forget_sessions
from portal.sessions import SessionStore
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


def test_sessions_that_have_run_out_are_forgotten_whatever_host_they_are_of(cast: Cast) -> None:
    cast.on_platform("ada")
    cast.on_portal_of_acme("ben")
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    fresh = SessionStore()
    fresh.create()
    forget_sessions()
    assert list(Session.objects.values_list("session_key", flat=True)) == [fresh.session_key]


def test_every_task_that_the_clock_asks_for_exists() -> None:
    asked = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert asked <= set(app.tasks)
