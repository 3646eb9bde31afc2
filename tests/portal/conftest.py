"""Pages are rendered without collected files: what a page says is not about the names of its stylesheets."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def uncollected_files(settings: Any, tmp_path: Path) -> None:
    """Link static files by their plain names, and serve none."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.STATIC_ROOT = tmp_path
