"""What a device is sent, and what is refused before."""

from __future__ import annotations

import json

import pytest

from core.exceptions import DomainError
from fleet.pushes.constants import MAX_MESSAGE_BYTES
from fleet.pushes.messages import check_values, configuration_message


def cut(message: bytes) -> bytes:
    """Cut as the C++ libraries do."""
    assert message.startswith(b'{"configuration"')
    return message[: message.index(b"}}") + 2]


@pytest.mark.parametrize("value", ["60", "a}}b", "}", 'say "hi"', "žluť", ""])
def test_value_survives_the_cut_of_the_libraries(value):
    message = configuration_message({"FIRST": value, "SECOND": "2"})
    assert cut(message) == message
    assert json.loads(message) == {"configuration": {"FIRST": value, "SECOND": "2"}}


def test_words_that_libraries_look_for_do_not_appear_as_keys():
    message = configuration_message({"A": '{"registration":1}', "B": '"notification"'})
    assert b'{"registration"' not in message
    assert b'{"notification"' not in message


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "fleet.config_empty"),
        ({"THINX_ENV_SSID": "net"}, "fleet.config_half_wifi"),
        ({"THINX_ENV_PASS": "word"}, "fleet.config_half_wifi"),
        ({"1ST": "x"}, "fleet.config_name"),
        ({"A B": "x"}, "fleet.config_name"),
        ({"A": "x" * 201}, "fleet.config_value"),
        ({"A": "line\nline"}, "fleet.config_value"),
        ({f"V{n}": "x" for n in range(17)}, "fleet.config_too_large"),
        ({"A": "x" * 200, "B": "x" * 200, "C": "x" * 200}, "fleet.config_too_large"),
    ],
)
def test_what_no_device_could_take_is_refused(values, code):
    with pytest.raises(DomainError) as refused:
        check_values(values)
    assert refused.value.code == code
    assert "x" * 20 not in refused.value.message


def test_both_halves_of_a_wifi_pass():
    check_values({"THINX_ENV_SSID": "net", "THINX_ENV_PASS": "word"})


def test_longest_message_fits_the_buffer():
    others = {"B": "x" * 180, "C": "x" * 180}
    room = MAX_MESSAGE_BYTES - len(configuration_message({"A": "", **others}))
    check_values({"A": "x" * room, **others})
    with pytest.raises(DomainError):
        check_values({"A": "x" * (room + 1), **others})
