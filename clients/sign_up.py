"""Signing up: a person becomes a client of the agency, once. A second try finds what the first one made."""

from django.db import IntegrityError, transaction

from clients.models import Client, ClientMember
from people.models import User


def register(*, user: User, name: str) -> Client:
    """The client that this person signs in for; made, with the person as its owner, when there is none yet.

    `name` is what the agency will see; without one it is the part of the address before the @.
    """
    known = _client_of(user)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            client = Client.objects.create(name=(name.strip() or user.email.partition("@")[0])[:120], email=user.email)
            ClientMember.objects.create(client=client, user=user, role=ClientMember.Role.OWNER)
    except IntegrityError:
        # Somebody was faster, with the same person: the relation to it is unique.
        known = _client_of(user)
        if known is None:
            raise
        return known
    return client


def _client_of(user: User) -> Client | None:
    member = ClientMember.objects.select_related("client").filter(user_id=user.pk).first()
    return member.client if member else None
