"""What somebody did with SQL and the triggers switched off is found, and named by rule, wallet and version."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from agencies.models import Agency
from billing import ledger, proof, wallets
from tenancy import door
from tests.support.booking import book, clients, movement, tamper


@pytest.fixture
def inside_own(own_agency: Agency) -> Iterator[Agency]:
    with door.enter(own_agency):
        yield own_agency


@pytest.fixture
def wallet_id(inside_own: Agency) -> UUID:
    """A wallet of five entries: 100, 160, 220, 280, 250."""
    client_id = clients(1)[0].pk
    book(client_id, 0, 100)
    ledger.post_batch([movement(client_id, key) for key in (1, 2, 3)])
    book(client_id, 4, -30)
    return client_id


def found(**given: object) -> set[tuple[str, int | None]]:
    return {(finding.rule, finding.version) for finding in proof.verify(**given).findings}  # type: ignore[arg-type]


def test_an_untouched_ledger_is_proved(wallet_id: UUID) -> None:
    report = proof.verify(open_holds=lambda ids: {})
    assert (report.wallets, report.entries, report.open_conflicts, report.findings) == (1, 5, 0, [])


def test_an_empty_ledger_is_proved(inside_own: Agency) -> None:
    assert proof.verify() == proof.Report()


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        ("amount = 120", {("I2", 2), ("I6", 2), ("I1", None)}),
        ("amount = 120, balance_after = 220", {("I6", 2), ("I2", 3), ("I1", None)}),
        ("reason = 'a gift'", {("I6", 2)}),
        ("source_id = 'other'", {("I6", 2)}),
        ("kind = 'purchase'", {("I6", 2)}),
        ("livemode = true", {("I6", 2)}),
        ("""actor = '{"kind": "member", "id": "2"}'""", {("I6", 2)}),
        ("fact_hash = decode(repeat('00', 32), 'hex')", {("I6", 2)}),
        ("event_at = event_at - interval '1 microsecond'", {("I6", 2)}),
        ("event_at = event_at + interval '1 day'", {("I6", 2), ("I7", 2)}),
        ("created_at = created_at - interval '1 day'", {("I6", 2), ("I7", 2), ("I7", 2)}),
        ("digest = decode(repeat('00', 32), 'hex')", {("I6", 2), ("I6", 3)}),
    ],
)
def test_a_changed_entry_is_named(wallet_id: UUID, change: str, findings: set[tuple[str, int | None]]) -> None:
    tamper(f"UPDATE billing_ledgerentry SET {change} WHERE version = 2")
    assert found() - {("I7", 2), ("I7", 3)} == findings - {("I7", 2), ("I7", 3)}
    assert all(finding.client_id == wallet_id for finding in proof.verify().findings)


def test_a_deleted_entry_is_named_by_the_one_after_it(wallet_id: UUID) -> None:
    tamper("DELETE FROM billing_ledgerentry WHERE version = 2")
    assert found() == {("I1", 3), ("I2", 3), ("I6", 3), ("I1", None)}


def test_a_newest_entry_that_was_deleted_is_missed_by_its_wallet(wallet_id: UUID) -> None:
    tamper("DELETE FROM billing_ledgerentry WHERE version = 5")
    assert found() == {("I1", None), ("I2", None), ("I6", None), ("I7", None)}


def test_an_entry_beyond_its_wallet_is_found(wallet_id: UUID) -> None:
    tamper("""UPDATE billing_wallet w SET version = 4, balance = 280, digest = e.digest, last_entry_at = e.created_at
                FROM billing_ledgerentry e WHERE e.version = 4""")
    assert ("I1", None) in found()


def test_a_balance_that_was_raised_is_found(wallet_id: UUID) -> None:
    tamper("UPDATE billing_wallet SET balance = balance + 6000")
    assert found() == {("I1", None), ("I2", None)}


def test_a_digest_of_a_wallet_that_was_changed_is_found(wallet_id: UUID) -> None:
    tamper("UPDATE billing_wallet SET digest = decode(repeat('00', 32), 'hex')")
    assert found() == {("I6", None)}


def test_entries_of_no_wallet_are_found(wallet_id: UUID) -> None:
    tamper("DELETE FROM billing_wallet")
    assert found() == {("I1", 1)}


def test_a_key_that_was_booked_twice_is_found(wallet_id: UUID) -> None:
    tamper(
        "ALTER TABLE billing_ledgerentry DROP CONSTRAINT ledger_entry_once_per_fact",
        "UPDATE billing_ledgerentry SET source_id = '1' WHERE version = 3",
    )
    assert ("I4", 3) in found()


def test_an_amount_of_the_wrong_sign_is_found(wallet_id: UUID) -> None:
    tamper(
        "ALTER TABLE billing_ledgerentry DROP CONSTRAINT ledger_entry_amount_fits_kind",
        "UPDATE billing_ledgerentry SET kind = 'usage' WHERE version = 2",
        "UPDATE billing_ledgerentry SET kind = 'gift' WHERE version = 3",
    )
    assert {("I3", 2), ("I3", 3)} < found()


def test_held_seconds_without_a_hold_are_found(wallet_id: UUID) -> None:
    wallets.set_aside(wallet_id, 30)
    assert found(open_holds=lambda ids: {wallet_id: 30}) == set()
    assert found(open_holds=lambda ids: {}) == {("I8", None)}


def test_an_open_conflict_is_counted_and_is_no_finding(wallet_id: UUID) -> None:
    book(wallet_id, 1, 99)
    report = proof.verify()
    assert (report.open_conflicts, report.findings) == (1, [])


def test_more_wallets_and_entries_than_a_page_are_all_walked(
    inside_own: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [client.pk for client in clients(7)]
    ledger.post_batch([movement(ids[n % 7], uuid4()) for n in range(50)])
    monkeypatch.setattr(proof, "WALLETS_A_PAGE", 3)
    monkeypatch.setattr(proof, "ENTRIES_A_PAGE", 4)
    seen: list[int] = []
    report = proof.verify(progress=lambda so_far: seen.append(so_far.wallets))
    assert (report.wallets, report.entries, report.findings, seen) == (7, 50, [], [3, 6, 7])
    tamper("UPDATE billing_ledgerentry SET reason = 'x' WHERE version = 3")
    assert len(proof.verify().findings) == 7
