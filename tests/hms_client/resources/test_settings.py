def test_a_domain_is_none_or_read_with_its_records(wire):
    assert wire.answers({"domain": None}).client.domains.get() is None
    record = {"type": "TXT", "name": "send", "value": "v=spf1"}
    wire._answers.clear()
    found = wire.answers({"domain": {"id": "d1", "domain_name": "mail.test", "records": [record]}}).client.domains.get()
    assert (found.domain_name, found.records) == ("mail.test", (record,))


def test_providers_with_a_key_are_named_and_their_references_not_printed(wire):
    keys = wire.answers({"byok_keys": {"xai_secret_id": "v-77", "openai_secret_id": None}}).client.byok.get()
    assert keys.providers == ("xai",)
    assert "v-77" not in repr(keys)


def test_health_is_what_hms_says(wire):
    report = wire.answers({"status": "degraded", "version": "1.0.0", "checks": {"database": {}}}).client.health.check()
    assert (report.status, report.version) == ("degraded", "1.0.0")


def test_an_mcp_server_out_of_reach_is_an_answer(wire):
    found = wire.answers({"ok": False, "error": "refused", "duration_ms": 12}).client.mcp_servers.test("m1")
    assert (found.ok, found.error, found.tools) == (False, "refused", None)
