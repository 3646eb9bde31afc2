"""What grows by itself and belongs to no agency, cut back once a day."""

from portal.celery import app
from portal.sessions import SessionStore


@app.task(name="forget_sessions")  # type: ignore[untyped-decorator]
def forget_sessions() -> None:
    """Delete the sessions of all hosts that have run out."""
    SessionStore.clear_expired()
