"""Whether somebody was asked lately who they are, by password or code, in the session that they are in."""

import time

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from django.conf import settings
from django.http import HttpRequest

from people.models import User


def note_sign_in(request: HttpRequest, user: User) -> None:
    """Whoever has just come in has shown who they are. The code of a sign-up leaves no trace by itself."""
    if not was_asked(request, user):
        record_authentication(request, user, method="sign_in")


def was_asked(request: HttpRequest, user: User) -> bool:
    """Whether this session has seen the person's password or code in the last ten minutes."""
    records = get_authentication_records(request, user)
    return any(time.time() - record.get("at", 0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for record in records)
