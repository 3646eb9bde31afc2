"""Every address of the HMS side."""

from werkzeug.routing import Rule

from sandbox.hms import (
    assistants,
    building_blocks,
    byok,
    calls,
    campaigns,
    controls,
    domains,
    health,
    numbers,
    organizations,
    recordings,
    usage,
    web_calls,
)

API = "/hms/api/v1"
LEVERS = "/_sandbox/hms"


def _crud(path: str, module: object, *, changes: bool = True) -> list[Rule]:
    verbs = (("index", "GET", path), ("create", "POST", path))
    one = (("show", "GET"), *((("update", "PATCH"),) if changes else ()), ("delete", "DELETE"))
    rules = [Rule(where, methods=[verb], endpoint=getattr(module, name)) for name, verb, where in verbs]
    return rules + [Rule(f"{path}/<id_>", methods=[verb], endpoint=getattr(module, name)) for name, verb in one]


RULES = [
    Rule(f"{API}/health", methods=["GET"], endpoint=health.show),
    Rule(f"{API}/organizations", methods=["GET"], endpoint=organizations.show),
    Rule(f"{API}/organizations", methods=["POST"], endpoint=organizations.create),
    Rule(f"{API}/organizations", methods=["PATCH"], endpoint=organizations.retain),
    Rule(f"{API}/account", methods=["GET"], endpoint=organizations.show),
    Rule(f"{API}/usage", methods=["GET"], endpoint=usage.index),
    Rule(f"{API}/calls", methods=["GET"], endpoint=calls.index),
    Rule(f"{API}/calls/outbound", methods=["POST"], endpoint=calls.place),
    Rule(f"{API}/calls/<id_>", methods=["GET"], endpoint=calls.show),
    Rule(f"{API}/calls/<id_>/control", methods=["POST"], endpoint=calls.control),
    Rule("/hms/v1/web-calls", methods=["POST"], endpoint=web_calls.create),
    *_crud(f"{API}/assistants", assistants),
    *_crud(f"{API}/agents", assistants),
    *_crud(f"{API}/numbers", numbers),
    Rule(f"{API}/voices", methods=["GET"], endpoint=building_blocks.voices),
    *_crud(f"{API}/tool-templates", building_blocks.TOOLS),
    *_crud(f"{API}/analysis-templates", building_blocks.ANALYSES),
    *_crud(f"{API}/sip-trunks", building_blocks.TRUNKS, changes=False),
    Rule(f"{API}/byok", methods=["GET"], endpoint=byok.show),
    Rule(f"{API}/byok", methods=["POST"], endpoint=byok.put),
    Rule(f"{API}/byok", methods=["DELETE"], endpoint=byok.delete),
    Rule(f"{API}/byok/config", methods=["POST"], endpoint=byok.configure),
    Rule(f"{API}/domains", methods=["GET"], endpoint=domains.show),
    Rule(f"{API}/domains", methods=["POST"], endpoint=domains.create),
    Rule(f"{API}/domains", methods=["DELETE"], endpoint=domains.delete),
    Rule(f"{API}/domains/verify", methods=["POST"], endpoint=domains.verify),
    Rule(f"{API}/domains/refresh", methods=["POST"], endpoint=domains.refresh),
    Rule(f"{API}/domains/sync", methods=["GET"], endpoint=domains.choices),
    Rule(f"{API}/domains/sync", methods=["POST"], endpoint=domains.choose),
    *_crud(f"{API}/campaigns", campaigns.CAMPAIGNS),
    Rule(f"{API}/campaigns/<id_>/leads", methods=["GET"], endpoint=campaigns.leads),
    Rule(f"{API}/campaigns/<id_>/leads", methods=["POST"], endpoint=campaigns.add_lead),
    Rule(f"{API}/campaigns/<id_>/leads/<lead_id>", methods=["DELETE"], endpoint=campaigns.remove_lead),
    Rule(f"{LEVERS}/organizations", methods=["POST"], endpoint=controls.create_organization),
    Rule(f"{LEVERS}/organizations/<id_>/minutes", methods=["POST"], endpoint=controls.add_minutes),
    Rule(f"{LEVERS}/organizations/<id_>/seed", methods=["POST"], endpoint=controls.seed),
    Rule(f"{LEVERS}/calls/inbound", methods=["POST"], endpoint=controls.ring),
    Rule(f"{LEVERS}/calls/finished", methods=["POST"], endpoint=controls.finished),
    Rule(f"{LEVERS}/calls/<id_>", methods=["PATCH"], endpoint=controls.correct),
    Rule(f"{LEVERS}/calls/<id_>/end", methods=["POST"], endpoint=controls.end),
    Rule(f"{LEVERS}/calls/<id_>/tool-calls", methods=["POST"], endpoint=controls.call_tool),
    Rule(f"{LEVERS}/deliveries/<id_>/resend", methods=["POST"], endpoint=controls.resend),
    Rule(f"{recordings.PATH}/<token>.wav", methods=["GET"], endpoint=recordings.show),
    Rule(f"{LEVERS}/campaigns/<id_>/ring", methods=["POST"], endpoint=campaigns.ring_next),
    Rule(f"{LEVERS}/settings", methods=["POST"], endpoint=controls.change_settings),
    Rule(f"{LEVERS}/state", methods=["GET"], endpoint=controls.state),
]

CLOCK_KIND = "hms_call"
