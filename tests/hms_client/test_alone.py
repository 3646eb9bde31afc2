import subprocess
import sys
from pathlib import Path

import hms_client


def test_importing_it_needs_nothing_of_django_nor_of_ours():
    look = "import sys, hms_client; print(*{name.split('.')[0] for name in sys.modules})"
    root = Path(hms_client.__file__).parents[1]
    ran = subprocess.run([sys.executable, "-c", look], cwd=root, capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert {"hms_client", "httpx"} <= loaded
    assert not {"django", "celery", "portal", "tenancy", "stripe"} & loaded
