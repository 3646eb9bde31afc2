import copy
import json
import pickle
from decimal import Decimal

import pytest

from hms_client import FrozenMap
from hms_client.values import decode, freeze


def test_numbers_are_never_floats():
    assert decode(b'{"a": 500.5, "b": 3}') == {"a": Decimal("500.5"), "b": 3}
    assert freeze(json.loads("0.1")) == Decimal("0.1")


def test_a_map_cannot_change_and_is_equal_by_content():
    made = FrozenMap({"a": [1, {"b": None}]})
    with pytest.raises(TypeError):
        made["a"] = 2
    assert made["a"] == (1, FrozenMap({"b": None}))
    assert hash(made) == hash(FrozenMap({"a": (1, {"b": None})}))


def test_a_map_survives_copying_and_pickling():
    made = FrozenMap({"a": {"b": [1, "x"]}})
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


@pytest.mark.parametrize("name", ["api_key", "apiKey", "webhook_secret", "auth_password", "token", "headers"])
def test_printing_masks_whatever_is_named_like_a_secret_at_any_depth(name):
    assert "hunter2" not in repr(FrozenMap({"tools": [{name: "hunter2"}]}))
    assert "hunter2" not in repr(FrozenMap({name: {"x": "hunter2"}}))


def test_what_is_not_json_is_refused():
    with pytest.raises(TypeError):
        freeze({"a": object()})
