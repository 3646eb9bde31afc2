"""A crowd of clients who start purchases in a running product. Run in its environment: python -m tests.support.crowd.

What comes after that is between Stripe and the portal.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import django

THREADS = 4


def main(slug: str, clients: int, purchases_each: int) -> None:
    """Let so many new clients of this agency start so many purchases each."""
    from django.db import connection

    from agencies.models import Agency
    from billing import packages, purchases
    from billing.checkout_options import Options
    from clients.models import Client
    from tenancy import door
    from vault import connections

    agency = Agency.objects.get(slug=slug)
    stripe = connections.stripe_connection(agency.pk)
    secret_key = connections.stripe_secret_key(agency.pk)
    with door.enter(agency):
        package = packages.all_on_sale()[0]
        crowd = Client.objects.bulk_create(
            Client(name=f"Client {number}", email=f"client{number}@crowd.test") for number in range(clients)
        )

    def buy(client: Client) -> None:
        try:
            with door.enter(agency):
                for _ in range(purchases_each):
                    purchases.start(
                        client_id=client.pk,
                        package_id=package.pk,
                        form_token=uuid4(),
                        account_id=stripe.account_id,
                        livemode=stripe.livemode is True,
                        created_by=client.email,
                        email=client.email,
                        success_url="http://crowd.test/?session_id={CHECKOUT_SESSION_ID}",
                        cancel_url="http://crowd.test/",
                        secret_key=secret_key,
                        options=Options(),
                    )
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(buy, crowd))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
