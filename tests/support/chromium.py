"""Chromium, as a fixture gives it: the machine's own browser, watched for errors and for strangers."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"
_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser without a window. As root, Chromium runs without its own sandbox only."""
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=flags)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A person's browser window that remembers every console error and every request to another origin."""

    def __init__(self, browser: Browser, *, width: int = 1280, height: int = 900, own: tuple[str, ...] = ()) -> None:
        self.context: BrowserContext = browser.new_context(viewport={"width": width, "height": height})
        self.page: Page = self.context.new_page()
        self.own = (".localhost", *own)
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._saw(request.url))
        self.page.set_default_timeout(20_000)

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error":
            self.complaints.append(text)

    def _saw(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        if not url.startswith("data:") and host != "localhost" and not host.endswith(self.own):
            self.complaints.append(f"asked {url}")

    def close(self) -> None:
        self.context.close()
