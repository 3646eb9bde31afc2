"""Arrivals: everything a new client of an agency gets once the e-mail address is proved, in one transaction."""

from django.db import transaction

from agencies import welcome
from billing import wallets
from billing.models import Wallet
from clients import sign_up
from clients.models import Client
from notifications import notes
from notifications.models import Kind
from organizations import provisioning
from people.models import User


def arrive(*, user: User, name: str) -> Client:
    """The person's client, with a wallet, the agency's welcome credits and an organization on its way. To be called in
    the agency's schema.

    Doing it twice changes nothing: whoever was here before is not greeted again, whatever the welcome is by then.
    """
    with transaction.atomic():
        client = sign_up.register(user=user, name=name)
        is_new = not Wallet.objects.filter(pk=client.pk).exists()
        wallets.open_wallet(client_id=client.pk)
        if is_new:
            welcome.greet(client)
        provisioning.want(client)
        if is_new:
            notes.note(Kind.NEW_CLIENT, clients=[client.pk])
    return client
