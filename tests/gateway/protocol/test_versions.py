from __future__ import annotations

import pytest

from gateway.protocol.versions import collapse_version, device_version, update_available


@pytest.mark.parametrize(
    ("text", "collapsed"),
    [
        ("lib:5", "0.0.5"),
        ("lib:1.2", "0.1.2"),
        ("lib:1.2.3", "1.2.3"),
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("name:1.2.3.4", "1.2.7"),
        ("name:1.2.3.4.5", "1.2.12"),
        ("name:1.2.3:2024-01-01", "1.2.3"),
        ("name:1.2.3-beta.1", "1.2.3-beta.1"),
        ("name:1.2.3+build", "1.2.3"),
        ("name:", "0.0.0"),
        ("name:junk.x.y", "0.0.0"),
        ("name:1x.2y.3z", "1.2.3"),
    ],
)
def test_collapse_version_follows_the_contract(text, collapsed):
    assert str(collapse_version(text)) == collapsed


@pytest.mark.parametrize(
    ("text", "padded"),
    [(None, "0.0.1"), ("", "0.0.1"), ("1", "1.0.0"), ("1.2", "1.2.0"), ("2.9.436", "2.9.436")],
)
def test_device_version_is_padded(text, padded):
    assert str(device_version(text)) == padded


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.2.3", "1.2.4"),
        ("1.2.9", "1.2.10"),
        ("1.9.9", "2.0.0"),
        ("1.2.3-rc.1", "1.2.3"),
        ("1.2.3-rc.2", "1.2.3-rc.10"),
        ("1.2.3-alpha", "1.2.3-beta"),
        ("1.2.3-1", "1.2.3-alpha"),
    ],
)
def test_versions_are_ordered(older, newer):
    assert collapse_version(older) < collapse_version(newer)
    assert collapse_version(newer) > collapse_version(older)


@pytest.mark.parametrize(
    ("device", "device_env", "build", "build_env", "expected"),
    [
        ("1.0.0", None, None, None, False),
        ("1.0.0", None, "repo:1.0.1", "aa", True),
        (None, None, "repo:1.0.1", "aa", True),
        ("1.0.2", "bb", "repo:1.0.1", "aa", False),
        ("1.0.1", None, "repo:1.0.1", "aa", False),
        ("1.0.1", "", "repo:1.0.1", "aa", False),
        ("1.0.1", "aa", "repo:1.0.1", "aa", False),
        ("1.0.1", "xxaaxx", "repo:1.0.1", "aa", False),
        ("1.0.1", "bb", "repo:1.0.1", "aa", True),
        ("1.0.1", "cafebabe", "repo:1.0.1", "aa", False),
        ("1.0.1", "cafebabe" * 8, "repo:1.0.1", "aa", False),
        ("1.0.1", "bb", "repo:1.0.1", None, False),
        ("repo:1.0", "aa", "repo:1.0", "aa", False),
        ("1" * 5000, "aa", "repo:1.0.1", "aa", False),
    ],
)
def test_update_available_follows_the_contract(device, device_env, build, build_env, expected):
    assert update_available(device, device_env, build, build_env) is expected
