"""The mailbox: caught over SMTP, found by address, shown without danger."""

import smtplib
from email.message import EmailMessage

import httpx
import pytest


@pytest.fixture
def send(sandbox, eventually):
    def sent(to, subject, text, html=""):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "hello@portal.localhost", to, subject
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as smtp:
            smtp.send_message(message)
        return sandbox.get(f"/mail?to={to}")[0]

    return sent


def test_a_mail_is_caught_and_found_by_its_address(send, sandbox):
    send("ada@example.test", "Your code", "Your code is 123456. Grüße")
    send("other@example.test", "Not for Ada", "x")
    found = sandbox.get("/mail?to=ADA@example.test")
    assert [(mail["subject"], mail["to"]) for mail in found] == [("Your code", ["ada@example.test"])]
    assert "123456. Grüße" in found[0]["text"]


def test_the_newest_mail_comes_first(send, sandbox):
    for number in range(3):
        send("zoe@example.test", f"Mail {number}", "x")
    assert [mail["subject"] for mail in sandbox.get("/mail?to=zoe@example.test")] == ["Mail 2", "Mail 1", "Mail 0"]


def test_html_is_shown_apart_under_a_policy_that_runs_nothing(send, sandbox):
    mail = send("eve@example.test", "<b>Bold</b>", "plain", "<p>Rich</p><script>alert(1)</script>")
    page = httpx.get(f"{sandbox.url}/mail/{mail['id']}")
    assert "&lt;b&gt;Bold" in page.text
    assert "<script" not in page.text
    assert f'<iframe sandbox title="The mail as HTML" src="/mail/{mail["id"]}/html">' in page.text
    html = httpx.get(f"{sandbox.url}/mail/{mail['id']}/html")
    assert "<p>Rich</p>" in html.text
    assert html.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_the_list_has_a_page(send, sandbox):
    send("page@example.test", "On the page", "x")
    assert "On the page" in httpx.get(f"{sandbox.url}/mail").text
    assert "No mail to this address" in httpx.get(f"{sandbox.url}/mail?to=nobody@example.test").text
    assert httpx.get(f"{sandbox.url}/mail/nothing").status_code == 404
