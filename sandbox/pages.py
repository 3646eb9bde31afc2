"""The sandbox's own page: what it holds, and buttons that do what the controls do."""

from typing import Any

from werkzeug.routing import Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox import templating, times
from sandbox.answers import refuse
from sandbox.hms import controls as hms_controls
from sandbox.hms import organizations, pools, simulation
from sandbox.store import Document
from sandbox.stripe import accounts, checkout_controls, checkout_rules, deliveries, dispute_controls, events, payments
from sandbox.world import World

SHOWN = 15
STYLESHEET = templating.FOLDER / "static" / "sandbox.css"


def home(world: World, request: Request) -> Response:
    store = world.store
    calls = store.find("hms_call", limit=SHOWN)
    return templating.page(
        "home.html",
        world=world,
        organizations=_organizations(world),
        numbers=_numbers(world),
        accounts=[_account(account) for account in store.find("stripe_account", limit=SHOWN)],
        calls=[call | {"is_over": simulation.is_over(call)} for call in calls],
        sessions=[_session(world, session) for session in store.find("stripe_checkout.session", limit=SHOWN)],
        disputes=[
            dispute | {"steps": dispute_controls.possible_steps(dispute)}
            for dispute in store.find("stripe_dispute", limit=SHOWN)
        ],
        events=[_event(world, event) for event in store.find("stripe_event", limit=SHOWN)],
        told=store.find("hms_delivery", limit=SHOWN),
        mails=store.find("mail", limit=SHOWN),
        faults=world.faults.waiting(),
    )


def _organizations(world: World) -> list[Document]:
    shown = []
    for organization in world.store.find("hms_organization", owner="", limit=SHOWN):
        children = world.store.find("hms_organization", owner=organization["id"])
        used = organization["used"].get(times.month(times.now()), 0)
        minutes = {
            "minutes": organizations.minutes(organization["pool_seconds"]),
            "minutes_used": organizations.minutes(used),
        }
        shown.append(organization | minutes | {"children": children})
    return shown


def _numbers(world: World) -> list[Document]:
    names = {one["id"]: one["name"] for one in world.store.find("hms_organization")}
    numbers = world.store.find("hms_number", limit=100)
    return [number | {"organization_name": names.get(number["_organization"], "")} for number in numbers]


def _account(account: Document) -> Document:
    codes = account.get("_promotion_codes", {}).values()
    has_tax = (checkout_rules.AS_OPENED | account.get("_checkout", {}))["tax"]
    return account | {"has_tax": has_tax, "codes": [f"{one['code']} (-{one['_percent_off']} %)" for one in codes]}


def _session(world: World, session: Document) -> Document:
    intent = world.store.get("stripe_payment_intent", session["payment_intent"] or "") or {}
    charge = world.store.get("stripe_charge", intent.get("latest_charge") or "") or {}
    can_be_disputed = charge.get("status") == "succeeded" and not charge["disputed"]
    return session | {"waits_for_bank": intent.get("status") == "processing", "can_be_disputed": can_be_disputed}


def _event(world: World, event: Document) -> Document:
    return event | {"deliveries": events.deliveries(world, event["id"])}


def stylesheet(world: World, request: Request) -> Response:
    response = Response(STYLESHEET.read_text(), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "max-age=60"
    return response


def _back(place: str) -> Response:
    return redirect(f"/#{place}", 303)


def _minutes(request: Request) -> float:
    try:
        return float(request.form.get("minutes", "500").replace(",", "."))
    except ValueError as error:
        raise refuse(400, "Minutes are a number, such as 500.") from error


def new_organization(world: World, request: Request) -> Response:
    name = request.form.get("name", "").strip() or "Agency"
    organizations.open_organization(world, name=name, parent_id=None, pool_seconds=round(_minutes(request) * 60))
    return _back("organizations")


def add_minutes(world: World, request: Request, id_: str) -> Response:
    pools.add(world, hms_controls.organization_called(world, id_), round(_minutes(request) * 60))
    return _back("organizations")


def seed(world: World, request: Request, id_: str) -> Response:
    hms_controls.seed_organization(world, hms_controls.organization_called(world, id_), {})
    return _back("calls")


def ring(world: World, request: Request) -> Response:
    body: dict[str, Any] = {"number": request.form.get("number", ""), "from": request.form.get("from") or None}
    hms_controls.ring_in(world, body)
    return _back("calls")


def hang_up(world: World, request: Request, id_: str) -> Response:
    simulation.end(world, id_, at=times.now(), reason="user_hangup")
    return _back("calls")


def new_account(world: World, request: Request) -> Response:
    mode = "live" if request.form.get("mode") == "live" else "test"
    accounts.open_account(world, business_name=request.form.get("business_name", "").strip() or "Agency", mode=mode)
    return _back("accounts")


def settle_bank(world: World, request: Request, id_: str) -> Response:
    try:
        payments.settle_bank(world, id_, succeeded=request.form.get("outcome") == "succeeded")
    except (LookupError, payments.NoBankPaymentPending) as error:
        raise refuse(409, "No bank payment is pending on this session.") from error
    return _back("sessions")


def resend(world: World, request: Request, id_: str) -> Response:
    event = world.store.get("stripe_event", id_)
    if event is None:
        raise refuse(404, "This event is not known.")
    deliveries.deliver_now(world, event, times_each=1, parallel=1)
    return _back("events")


RULES = [
    Rule("/", methods=["GET"], endpoint=home),
    Rule("/sandbox.css", methods=["GET"], endpoint=stylesheet),
    Rule("/do/organizations", methods=["POST"], endpoint=new_organization),
    Rule("/do/organizations/<id_>/minutes", methods=["POST"], endpoint=add_minutes),
    Rule("/do/organizations/<id_>/seed", methods=["POST"], endpoint=seed),
    Rule("/do/ring", methods=["POST"], endpoint=ring),
    Rule("/do/calls/<id_>/end", methods=["POST"], endpoint=hang_up),
    Rule("/do/accounts", methods=["POST"], endpoint=new_account),
    Rule("/do/accounts/<id_>/tax", methods=["POST"], endpoint=checkout_controls.press_tax),
    Rule("/do/accounts/<id_>/codes", methods=["POST"], endpoint=checkout_controls.press_code),
    Rule("/do/sessions/<id_>/bank", methods=["POST"], endpoint=settle_bank),
    Rule("/do/payments/<id_>/dispute", methods=["POST"], endpoint=dispute_controls.press_dispute),
    Rule("/do/disputes/<id_>/<name>", methods=["POST"], endpoint=dispute_controls.press_step),
    Rule("/do/events/<id_>/deliver", methods=["POST"], endpoint=resend),
]
