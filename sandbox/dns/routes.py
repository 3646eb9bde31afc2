"""The addresses of the name server's levers and page."""

from werkzeug.routing import Rule

from sandbox.dns import controls

RULES = [
    Rule("/_sandbox/dns/state", methods=["GET"], endpoint=controls.state),
    Rule("/_sandbox/dns/zones", methods=["POST"], endpoint=controls.add_zone),
    Rule("/_sandbox/dns/records", methods=["POST"], endpoint=controls.add_record),
    Rule("/_sandbox/dns/records", methods=["PUT"], endpoint=controls.replace_records),
    Rule("/_sandbox/dns/faults", methods=["POST"], endpoint=controls.add_fault),
    Rule("/_sandbox/dns/faults", methods=["DELETE"], endpoint=controls.clear_faults),
    Rule("/_sandbox/dns/questions", methods=["GET"], endpoint=controls.questions),
    Rule("/_sandbox/dns/questions", methods=["DELETE"], endpoint=controls.forget_questions),
    Rule("/dns", methods=["GET"], endpoint=controls.page),
    Rule("/do/dns/records", methods=["POST"], endpoint=controls.press_record),
    Rule("/do/dns/records/<id_>/remove", methods=["POST"], endpoint=controls.press_remove),
    Rule("/do/dns/faults", methods=["POST"], endpoint=controls.press_fault),
    Rule("/do/dns/faults/clear", methods=["POST"], endpoint=controls.press_heal),
]
