"""sslyze, a TLS scanner that is not ours, from its own lock file in an environment of its own under `var`."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.live import ROOT

HERE = ROOT / "var" / "sslyze"
LOCK = Path(__file__).with_name("sslyze.txt")


def scan(host: str, *, port: int, authorities: Path, folder: Path) -> tuple[bool, dict[str, Any]]:
    """What it finds at `port` for `host`: whether that is what Mozilla recommends ("intermediate"), and its report."""
    report = folder / f"{host}.json"
    command = [_installed(), "-m", "sslyze", f"{host}:{port}{{127.0.0.1}}", "--mozilla_config", "intermediate"]
    ran = subprocess.run(
        [*command, "--certinfo_ca_file", authorities, "--json_out", report],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    (scanned,) = json.loads(report.read_text())["server_scan_results"]
    assert scanned["scan_status"] == "COMPLETED", ran.stdout + ran.stderr
    return ran.returncode == 0, scanned["scan_result"]


def versions(found: dict[str, Any]) -> set[str]:
    """The versions of SSL and TLS that were accepted, such as tls_1_2."""
    tried = {name.removesuffix("_cipher_suites"): told for name, told in found.items() if "cipher_suites" in name}
    assert len(tried) == 6
    return {name for name, told in tried.items() if told["result"]["accepted_cipher_suites"]}


def suites(found: dict[str, Any]) -> set[str]:
    """The cipher suites of all versions that were accepted."""
    accepted = [told["result"]["accepted_cipher_suites"] for name, told in found.items() if "cipher_suites" in name]
    return {suite["cipher_suite"]["name"] for each in accepted for suite in each}


def _installed() -> str:
    """The interpreter of its environment, which is made when it is missing or of another lock file."""
    python, stamp = HERE / "bin" / "python", HERE / "installed"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(HERE, ignore_errors=True)
        uv = [sys.executable, "-m", "uv", "--quiet"]
        subprocess.run([*uv, "venv", "--python", sys.executable, HERE], check=True)
        pinned = ["--require-hashes", "--build-constraints", LOCK, "-r", LOCK]
        subprocess.run([*uv, "pip", "install", "--python", python, *pinned], check=True)
        stamp.write_text(wanted)
    return str(python)
