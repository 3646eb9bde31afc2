from pathlib import Path
from typing import Any

import pytest

from tests.support import hms_says
from tests.support.dns_world import names, zone

__all__ = ["connected_acme", "names", "says", "zone"]
says = hms_says.says
connected_acme = hms_says.connected_acme


@pytest.fixture(autouse=True)
def exports_root(tmp_path: Path, settings: Any) -> Path:
    """Archives of a test lie in a folder of its own."""
    settings.EXPORTS_ROOT = str(tmp_path / "exports")
    return tmp_path / "exports"
