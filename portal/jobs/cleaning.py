"""What grows by itself and belongs to no agency, cut back once a day."""

import logging

from django.utils import timezone

from agencies import sessions
from inbox import forgetting
from notifications import notes
from portal.celery import app
from portal.sessions import SessionStore

log = logging.getLogger(__name__)


@app.task(name="forget_sessions")  # type: ignore[untyped-decorator]
def forget_sessions() -> None:
    """Delete the sessions of all hosts that have run out."""
    SessionStore.clear_expired()
    sessions.forget(timezone.now())


@app.task(name="forget_inbox")  # type: ignore[untyped-decorator]
def forget_inbox() -> None:
    """Let what Stripe and HMS sent long ago go."""
    payloads, reports = forgetting.forget(timezone.now())
    log.info("inbox: %d payloads of Stripe emptied, %d reports of HMS deleted", payloads, reports)


@app.task(name="forget_notifications")  # type: ignore[untyped-decorator]
def forget_notifications() -> None:
    """Let what agencies were told long ago go."""
    log.info("notifications: %d deleted", notes.forget(timezone.now()))
