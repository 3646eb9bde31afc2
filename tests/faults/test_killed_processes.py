"""Any process may be killed, and Redis may lose everything, at any moment: nothing is lost but time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from follow_ups import agenda
from tests.support.live import Live, wait_for
from tests.support.shop import Shop

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("live")]
# What was handed to a worker as it died is handed out again after a minute; a process takes its time to come back.
TIME_ONLY = agenda.HANDED_OUT.total_seconds() + 30


@pytest.fixture(scope="module")
def shop(live: Live) -> Iterator[Shop]:
    with live.browser() as ben:
        yield Shop.opened(live, ben)


def event_of(live: Live, session: str) -> object:
    """The id of the event with which Stripe announced that a session is complete."""
    found = live.query(
        "SELECT event_id FROM inbox_stripeevent WHERE type = 'checkout.session.completed'"
        " AND convert_from(payload, 'utf8') LIKE %s",
        f"%{session}%",
    )
    return found[0][0]


def entries(shop: Shop) -> int:
    return len(shop.rows("SELECT 1 FROM billing_ledgerentry"))


def test_trap_03_a_worker_killed_between_webhook_and_credit_costs_time_only(shop: Shop) -> None:
    session, before = shop.checkout(), shop.balance()
    shop.live.kill("worker")
    shop.pay(session)
    wait_for(lambda: shop.live.query("SELECT 1 FROM inbox_stripeevent WHERE state = 'received'"))
    assert shop.balance() == before
    shop.live.restart("worker")
    wait_for(lambda: shop.balance() == before + 6000, seconds=TIME_ONLY)


def test_trap_02_redis_emptied_between_webhook_and_credit_loses_nothing(shop: Shop) -> None:
    session, before = shop.checkout(), shop.balance()
    shop.live.kill("dispatch")
    shop.pay(session)
    wait_for(lambda: shop.live.query("SELECT 1 FROM inbox_stripeevent WHERE state = 'received'"))
    redis.Redis.from_url(shop.live.environment["REDIS_URL"]).flushdb()
    shop.live.restart("dispatch")
    wait_for(lambda: shop.balance() == before + 6000, seconds=TIME_ONLY)


def test_redis_emptied_after_the_work_was_handed_out_loses_nothing(shop: Shop) -> None:
    session, before = shop.checkout(), shop.balance()
    shop.live.kill("worker")
    shop.pay(session)
    wait_for(lambda: shop.live.query("SELECT 1 FROM follow_ups_followup WHERE claimed_until IS NOT NULL"))
    redis.Redis.from_url(shop.live.environment["REDIS_URL"]).flushdb()
    shop.live.query("UPDATE follow_ups_followup SET claimed_until = now() RETURNING 1")
    shop.live.restart("worker")
    wait_for(lambda: shop.balance() == before + 6000, seconds=TIME_ONLY)


def test_trap_01_the_same_event_50_times_in_parallel_is_one_entry_and_50_answers_of_200(shop: Shop) -> None:
    session, before = shop.checkout(), shop.balance()
    shop.pay(session)
    wait_for(lambda: shop.balance() == before + 6000)
    count = entries(shop)
    event = event_of(shop.live, session)
    sent = shop.live.sandbox("POST", f"stripe/events/{event}/deliver", times=50, parallel=50)["deliveries"]
    assert [delivery["status"] for delivery in sent] == [200] * 50
    assert (shop.balance(), entries(shop)) == (before + 6000, count)


def test_the_return_page_and_the_webhook_at_once_credit_once(shop: Shop) -> None:
    session, before = shop.checkout(), shop.balance()
    purchase = shop.rows(f"SELECT id FROM billing_purchase WHERE stripe_session_id = '{session}'")[0][0]
    shop.pay(session)
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _number: shop.ben.get(_address(shop, f"/purchases/{purchase}/")), range(8)))
    assert {page.status_code for page in pages} == {200}
    wait_for(lambda: shop.balance() >= before + 6000)
    assert shop.balance() == before + 6000


def test_a_call_ended_while_everything_was_down_is_booked_to_the_second(shop: Shop) -> None:
    before = shop.balance()
    for name in ("worker", "dispatch"):
        shop.live.kill(name)
    shop.live.sandbox(
        "POST", "hms/calls/finished", organization_id=shop.hms_organization(), duration_seconds=77, webhooks=True
    )
    for name in ("worker", "dispatch"):
        shop.live.restart(name)
    shop.live.manage("sync", "--all")
    wait_for(lambda: shop.balance() == before - 77, seconds=TIME_ONLY)


def test_the_ledger_proves_itself_after_all_of_this(shop: Shop) -> None:
    assert "0" in shop.live.manage("verify_ledger", "--all").splitlines()[-1]


def _address(shop: Shop, path: str) -> str:
    return shop.live.address("harbour", path)
