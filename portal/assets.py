"""The few vendor files that browsers get, by name. Packages hold far more than we want to serve."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django_htmx
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage

_NODE = settings.BASE_DIR / "node_modules"
_FILES = {
    "vendor/tabler.min.css": _NODE / "@tabler/core/dist/css/tabler.min.css",
    "vendor/chart.umd.min.js": _NODE / "chart.js/dist/chart.umd.min.js",
    "vendor/livekit-client.umd.js": _NODE / "livekit-client/dist/livekit-client.umd.js",
    "vendor/htmx.min.js": Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js",
}


# Points at files that we do not serve; the manifest would fail to find them.
_SOURCE_MAP = re.compile(rb"/[/*]# sourceMappingURL=\S+(?: \*/)?")


class _OneName(FileSystemStorage):
    """A storage in which a vendor file is found under our name for it, without the mention of its source map."""

    prefix = None

    def path(self, name: str) -> str:
        return str(_FILES[name])

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        return ContentFile(_SOURCE_MAP.sub(b"", _FILES[name].read_bytes()), name=name)


class VendorFinder(BaseFinder):
    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in _FILES:
            return []
        found = str(_FILES[path])
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for name, file in _FILES.items():
            if not file.exists():
                raise ImproperlyConfigured(f"{file.name} is missing: run `make install`")
            yield name, _OneName(location=str(file.parent))
