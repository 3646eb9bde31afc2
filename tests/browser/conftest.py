from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module: while Playwright is on, its event loop runs here, and Django refuses queries beside one."""
    if chromium.PROGRAM is None:
        if chromium.REQUIRED:
            pytest.fail("REQUIRE_BROWSER=1, and there is no Chromium on the PATH")
        pytest.skip("no Chromium on the PATH: browser tests are skipped")
    with chromium.launched() as browser:
        yield browser
