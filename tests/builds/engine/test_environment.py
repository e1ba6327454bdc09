"""The values of a build, and how each language reads them."""

from __future__ import annotations

import json
import subprocess

import pytest

from builds.engine.environment import (
    DeviceFacts,
    ServerFacts,
    VersionFacts,
    c_header,
    c_string,
    env_hash,
    json_file,
    merge,
    python_module,
    thinx_values,
)
from builds.exceptions import BuildUserError

NASTY = 'a "quoted" \\ back\\slash\nline\ttab ??/ ??= \x07 %s ümläut \U0001f600 end'


def values_of(**changes):
    facts = {"platform": "python", "language": "Python", "url_with_scheme": True, **changes}
    return thinx_values(
        DeviceFacts("u-d-i-d", "probe", "o" * 64, "python", auto_update=True, api_key="k" * 64),
        ServerFacts("http://console.example.com:7442", "mqtt.example.com", 1883),
        VersionFacts("c0ffee", "1.2.7", "firmware:1.2.7"),
        **facts,
    )


def test_values_have_the_names_of_the_contract():
    values = values_of()
    assert values["THINX_API_KEY"] == "k" * 64
    assert values["THINX_UDID"] == "u-d-i-d"
    assert values["THINX_CLOUD_URL"] == "http://console.example.com:7442"
    assert values["THINX_API_PORT"] == 7442
    assert values["THINX_FIRMWARE_VERSION"] == "firmware:1.2.7"
    assert values["THINX_FIRMWARE_VERSION_SHORT"] == "1.2.7"
    assert values["THINX_MQTT_URL"] == "mqtt.example.com"
    assert values["THINX_FORCED_UPDATE"] is False


def test_embedded_languages_get_the_host_without_scheme():
    assert values_of(url_with_scheme=False)["THINX_CLOUD_URL"] == "console.example.com"


def test_variables_join_but_do_not_replace_the_identity():
    merged = merge(values_of(), {"GREETING": "hi", "THINX_UDID": "other", "THINX_ENV_SSID": "wifi"})
    assert merged["GREETING"] == "hi"
    assert merged["THINX_UDID"] == "u-d-i-d"
    assert merged["THINX_ENV_SSID"] == "wifi"


@pytest.mark.parametrize(
    "variables", [{"1A": "x"}, {"A-B": "x"}, {"A B": "x"}, {"": "x"}, {"A": "x\0y"}]
)
def test_impossible_variable_is_refused(variables):
    with pytest.raises(BuildUserError) as refusal:
        merge({}, variables)
    assert refusal.value.code == "build.user.environment"


def test_env_hash_is_of_the_content():
    assert env_hash({"A": "1", "B": "2"}) == env_hash({"B": "2", "A": "1"})
    assert env_hash({"A": "1"}) != env_hash({"A": "2"})
    assert merge({}, {"A": "1"})["ENV_HASH"] == env_hash({"A": "1"})


def test_c_string_has_no_trigraph_and_no_raw_line_end():
    written = c_string(NASTY)
    assert "??" not in written
    assert "\n" not in written
    assert written.isascii()


@pytest.mark.toolchain
def test_compiled_header_holds_the_same_bytes(tmp_path):
    (tmp_path / "thinx.h").write_bytes(
        c_header({"GREETING": NASTY, "NUMBER": 42, "FLAG": False, "EMPTY": ""})
    )
    (tmp_path / "main.c").write_text(
        '#include <stdbool.h>\n#include <stdio.h>\n#include "thinx.h"\n#include "thinx.h"\n'
        "int main(void) { fputs(GREETING, stdout);\n"
        "return NUMBER != 42 || FLAG || sizeof EMPTY != 1; }\n"
    )
    program = tmp_path / "program"
    subprocess.run(
        ["gcc", "-std=c99", "-trigraphs", "-Wall", "-Werror", "-o", program, tmp_path / "main.c"],
        check=True,
    )
    assert subprocess.run([program], check=True, capture_output=True).stdout == NASTY.encode()


def test_python_module_and_json_hold_the_same_values():
    values = {"GREETING": NASTY, "NUMBER": 42, "FLAG": True}
    module: dict = {}
    exec(compile(python_module(values), "thinx_env.py", "exec"), module)
    assert {name: module[name] for name in values} == values
    assert json.loads(json_file(values)) == values
