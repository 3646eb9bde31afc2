"""Sessions in the database, bound to the schema they were made in.

All sessions lie in one table in public. The schema is part of the signature, so that a session of one host is an
empty one on every other.
"""

from django.contrib.sessions.backends import db

from tenancy import schemas


class SessionStore(db.SessionStore):
    @property
    def key_salt(self) -> str:
        return f"session.{schemas.current()}"

    @classmethod
    def get_model_class(cls) -> type:
        from django.contrib.sessions.models import Session

        return Session
