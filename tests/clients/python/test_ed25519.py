from __future__ import annotations

import os

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from thinx_agent import ed25519


def test_rfc_8032_vectors_verify():
    for public, message, signature in [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ]:
        assert ed25519.verify(*map(bytes.fromhex, (public, signature, message)))


@pytest.mark.parametrize("size", [0, 1, 31, 1000, 100_000])
def test_signature_of_cryptography_verifies_and_a_changed_bit_does_not(size):
    key, message = Ed25519PrivateKey.generate(), os.urandom(size)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519.verify(public, signature, message)
    assert not ed25519.verify(public, signature, message + b"\0")
    for position in range(0, 64, 5):
        spoilt = bytearray(signature)
        spoilt[position] ^= 1 << position % 8
        assert not ed25519.verify(public, bytes(spoilt), message)


def test_another_key_does_not_verify():
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    assert not ed25519.verify(other.public_key().public_bytes_raw(), key.sign(b"x"), b"x")


@pytest.mark.parametrize(
    ("public", "signature"),
    [(b"", b""), (b"\0" * 31, b"\0" * 64), (b"\xff" * 32, b"\0" * 64), (b"\0" * 32, b"\xff" * 64)],
)
def test_malformed_input_is_false(public, signature):
    assert ed25519.verify(public, signature, b"x") is False


def test_signature_with_another_s_of_the_same_residue_is_refused():
    key = Ed25519PrivateKey.generate()
    signature = key.sign(b"x")
    s = int.from_bytes(signature[32:], "little") + ed25519.L
    twin = signature[:32] + s.to_bytes(32, "little")
    assert not ed25519.verify(key.public_key().public_bytes_raw(), twin, b"x")


def test_random_bytes_agree_with_cryptography():
    for _ in range(50):
        public, signature = os.urandom(32), os.urandom(64)
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, b"x")
            expected = True
        except (InvalidSignature, ValueError):
            expected = False
        assert ed25519.verify(public, signature, b"x") is expected
