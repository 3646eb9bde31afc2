"""Where the sandbox listens, and which host names it answers to."""

import smtplib

import dns.message
import dns.query
import httpx

HEALTH = "/_sandbox/health"


def asked(process, host: str) -> int:
    return httpx.get(f"{process.url}{HEALTH}", headers={"Host": host}).status_code


def test_it_answers_to_names_of_this_machine_alone(sandbox):
    names = ("localhost:8001", "acme.portal.localhost", "127.0.0.1", "web:8001", "portal.example.com")
    assert [asked(sandbox, name) for name in names] == [200, 200, 200, 421, 421]


def test_a_name_it_is_told_is_answered_and_no_other(start_sandbox):
    told = start_sandbox("--host", "0.0.0.0", "--name", "web")
    assert [asked(told, name) for name in ("web:8001", "WEB", "localhost", "worker", "web.evil.test")] == [
        200,
        200,
        200,
        421,
        421,
    ]


def test_all_three_doors_open_where_it_is_told_to_listen(start_sandbox):
    told = start_sandbox("--host", "127.0.0.2", "--name", "sandbox")
    assert httpx.get(f"http://127.0.0.2:{told.port}{HEALTH}").status_code == 200
    with smtplib.SMTP("127.0.0.2", told.smtp_port) as mailbox:
        assert mailbox.noop()[0] == 250
    query = dns.message.make_query("connect.localhost", "A")
    assert dns.query.udp(query, "127.0.0.2", port=told.dns_port, timeout=5).answer
