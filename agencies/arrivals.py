"""Arrivals: everything a new client of an agency gets once the e-mail address is proved, in one transaction."""

from django.db import transaction

from billing import wallets
from clients import sign_up
from clients.models import Client
from organizations import provisioning
from people.models import User


def arrive(*, user: User, name: str) -> Client:
    """The person's client, with an empty wallet and an organization on its way. To be called in the agency's schema.

    Doing it twice changes nothing.
    """
    with transaction.atomic():
        client = sign_up.register(user=user, name=name)
        wallets.open_wallet(client_id=client.pk)
        provisioning.want(client)
    return client
