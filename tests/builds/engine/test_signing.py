"""A signature is over one manifest, and the public half alone checks it."""

from __future__ import annotations

import pytest

from builds.engine import signing

MANIFEST = signing.make_manifest(
    sha256="a" * 64, size=12, version="1.0.3", platform="python", udid="u", build="b"
)


def test_own_signature_is_accepted():
    pair = signing.generate()
    assert signing.verify(pair.public_key, MANIFEST, signing.sign(pair.private_key, MANIFEST))


@pytest.mark.parametrize(
    ("name", "value"),
    [("sha256", "b" * 64), ("size", 13), ("version", "1.0.4"), ("udid", "v"), ("platform", "c")],
)
def test_changed_manifest_is_refused(name, value):
    pair = signing.generate()
    signature = signing.sign(pair.private_key, MANIFEST)
    assert not signing.verify(pair.public_key, {**MANIFEST, name: value}, signature)


def test_other_key_and_garbage_are_refused():
    pair, other = signing.generate(), signing.generate()
    signature = signing.sign(pair.private_key, MANIFEST)
    assert not signing.verify(other.public_key, MANIFEST, signature)
    assert not signing.verify(pair.public_key, MANIFEST, "no base64")
    assert not signing.verify("", MANIFEST, signature)


def test_canonical_form_does_not_depend_on_order():
    assert signing.canonical({"b": 1, "a": "ü"}) == b'{"a":"\\u00fc","b":1}'


def test_private_half_is_not_in_the_text_form():
    pair = signing.generate()
    assert pair.private_key not in repr(pair)
