"""No network call while a transaction is open: rows would stay locked for as long as the other side likes."""

from django.db import connection


class InsideTransaction(RuntimeError):
    """A call to the outside was about to be made with a transaction open."""


def refuse_inside_transaction() -> None:
    """Raise InsideTransaction when this thread has a transaction open.

    The transactions that a test case wraps around each test do not count, as with Django's durable blocks.
    """
    if any(not vars(block)["_from_testcase"] for block in connection.atomic_blocks):
        raise InsideTransaction("a call to the outside belongs before or after the transaction, never inside it")


def let_go() -> None:
    """Close this thread's connection to the database; the next statement opens one. Raises InsideTransaction.

    For whoever waits for somebody slow: a hundred of them would hold a hundred of the server's connections.
    """
    refuse_inside_transaction()
    # A test that undoes everything lives in its connection.
    if not connection.in_atomic_block:
        connection.close()
