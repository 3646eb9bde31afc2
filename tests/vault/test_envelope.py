import base64
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from agencies.models import Agency
from vault import envelope
from vault.models import DataKey

pytestmark = pytest.mark.django_db
OLD, NEW, LOST = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))


def test_what_is_sealed_opens_for_its_agency_and_field_alone(acme: Agency, globex: Agency) -> None:
    sealed = envelope.seal("secret", agency_id=acme.pk, field="f")
    assert envelope.unseal(sealed, agency_id=acme.pk, field="f") == "secret"
    for agency, field in ((acme, "g"), (globex, "f")):
        with pytest.raises(envelope.CannotOpen):
            envelope.unseal(sealed, agency_id=agency.pk, field=field)


def test_the_same_secret_is_sealed_differently_each_time(acme: Agency) -> None:
    assert len({envelope.seal("secret", agency_id=acme.pk, field="f") for _ in range(3)}) == 3


@pytest.mark.parametrize("at", [0, 1, 14, -1])
def test_one_altered_byte_is_noticed(acme: Agency, at: int) -> None:
    sealed = bytearray(envelope.seal("secret", agency_id=acme.pk, field="f"))
    sealed[at] ^= 1
    with pytest.raises(envelope.CannotOpen):
        envelope.unseal(bytes(sealed), agency_id=acme.pk, field="f")


def test_a_data_key_carried_to_another_agency_does_not_open(acme: Agency, globex: Agency) -> None:
    sealed = envelope.seal("secret", agency_id=acme.pk, field="f")
    envelope.seal("other", agency_id=globex.pk, field="f")
    DataKey.objects.filter(agency=globex).update(wrapped=DataKey.objects.get(agency=acme).wrapped)
    with pytest.raises(envelope.CannotOpen):
        envelope.unseal(sealed, agency_id=globex.pk, field="f")


def test_rotating_makes_the_old_key_of_the_environment_superfluous(
    acme: Agency, globex: Agency, settings: Any, capsys: Any
) -> None:
    settings.VAULT_KEYS = [OLD]
    sealed = {agency: envelope.seal("secret", agency_id=agency.pk, field="f") for agency in (acme, globex)}
    settings.VAULT_KEYS = [NEW, OLD]
    call_command("rotate_vault_keys")
    assert "2 data keys" in capsys.readouterr().out
    settings.VAULT_KEYS = [NEW]
    for agency, one in sealed.items():
        assert envelope.unseal(one, agency_id=agency.pk, field="f") == "secret"


def test_rotating_says_which_keys_do_not_open_and_fails(acme: Agency, settings: Any) -> None:
    settings.VAULT_KEYS = [LOST]
    envelope.seal("secret", agency_id=acme.pk, field="f")
    settings.VAULT_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("rotate_vault_keys")


def test_a_key_of_the_environment_that_is_too_short_is_refused(acme: Agency, settings: Any) -> None:
    settings.VAULT_KEYS = [base64.b64encode(b"short").decode()]
    with pytest.raises(ImproperlyConfigured):
        envelope.seal("secret", agency_id=acme.pk, field="f")
