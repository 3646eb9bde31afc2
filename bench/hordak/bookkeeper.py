"""`python -m bench.hordak.bookkeeper [prepare]`: a process that transfers between accounts with hordak."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any

import django
from django.core.management import call_command

from bench import worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.hordak.settings")
django.setup()

from hordak.models import Account, AccountType  # noqa: E402 - the settings come first
from moneyed import Money  # noqa: E402

# hordak takes no lock and reads no balance to transfer: more accounts would not make it faster, and take long to make.
ACCOUNTS = 100


def prepare() -> None:
    """Migrate, and make the accounts."""
    call_command("migrate", verbosity=0)
    for number in range(ACCOUNTS):
        Account.objects.create(name=f"Client {number}", type=AccountType.liability, currencies=["EUR"])


@contextmanager
def transfer(order: Mapping[str, Any]) -> Iterator[worker.Work]:
    """One amount from one account to another."""
    chance, accounts = Random(), list(Account.objects.all())

    def work() -> int:
        taken, given = chance.sample(accounts, 2)
        taken.transfer_to(given, Money(chance.randrange(1, 600), "EUR"))
        return 1

    yield work


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
    else:
        worker.serve({"transfer": transfer})
