"""HMS's own Node client works against the sandbox unchanged, errors, pages and webhooks included.

`npm install --no-save hmsovereign` (2.x), or HMS_NODE_SDK with the path of its entry file, lets the client itself run;
everywhere a stand-in of the same names and requests does, over Node's own fetch.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stack.node import find_npm

HERE = Path(__file__).parent / "node"
INSTALLED = Path(__file__).parents[2] / "node_modules" / "hmsovereign" / "dist" / "index.mjs"
STEPS = {
    "organizations",
    "assistants",
    "numbers",
    "calls",
    "pages",
    "campaigns",
    "buildingBlocks",
    "byokAndDomains",
    "emptyAnswersToDeletes",
    "refusals",
    "limits",
    "faults",
    "webhooks",
}


@pytest.mark.parametrize("client", ["stand-in", "official"])
def test_everything_the_node_client_can_do_is_done(sandbox, client):
    node = shutil.which("node") or (find_npm(python=Path(sys.executable)) or [None])[0]
    entry = HERE / "stand_in.mjs" if client == "stand-in" else Path(os.environ.get("HMS_NODE_SDK") or INSTALLED)
    if node is None or not entry.exists():
        pytest.skip(f"needs Node.js and {entry}")
    ran = subprocess.run(
        [node, HERE / "drive.mjs", entry, sandbox.url], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told.keys() == STEPS
    assert {name: said for name, said in told.items() if said != "ok"} == {}
