"""Deploy keys: generated or pasted, in formats that OpenSSH itself accepts."""

from __future__ import annotations

import subprocess

import pytest

from core.exceptions import DomainError
from keys.services import deploy_key_create


def ssh_keygen(*args: str, **kwargs) -> str:
    return subprocess.run(
        ["ssh-keygen", *args], check=True, capture_output=True, text=True, **kwargs
    ).stdout


def write_key(path, text: str):
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa"])
def test_generated_key_is_what_openssh_reads(acme, system, tmp_path, algorithm):
    key = deploy_key_create(system, organization=acme, alias="my key", algorithm=algorithm)
    private = write_key(tmp_path / "key", key.private_key.reveal() if key.pk else "")
    assert ssh_keygen("-y", "-f", str(private)).split()[:2] == key.public_key.split()[:2]
    assert key.fingerprint in ssh_keygen("-l", "-f", str(private))


@pytest.mark.parametrize("kind", [["-t", "ed25519"], ["-t", "rsa", "-b", "3072", "-m", "PEM"]])
@pytest.mark.parametrize("mangle", ["as is", "crlf", "no last newline", "blanks around"])
def test_pasted_key_is_cleaned_and_kept(acme, system, tmp_path, kind, mangle):
    ssh_keygen("-q", *kind, "-N", "", "-f", str(tmp_path / "k"))
    text = (tmp_path / "k").read_text()
    pasted = {
        "as is": text,
        "crlf": text.replace("\n", "\r\n"),
        "no last newline": text.rstrip(),
        "blanks around": f"\n\n  {text}  \n",
    }[mangle]
    key = deploy_key_create(
        system, organization=acme, alias="k", algorithm="ed25519", private_key=pasted
    )
    assert key.public_key.split()[1] == (tmp_path / "k.pub").read_text().split()[1]


def test_encrypted_key_is_refused_with_a_way_out(acme, system, tmp_path):
    ssh_keygen("-q", "-t", "ed25519", "-N", "pass phrase", "-f", str(tmp_path / "k"))
    with pytest.raises(DomainError, match="ssh-keygen -p") as caught:
        deploy_key_create(
            system,
            organization=acme,
            alias="k",
            algorithm="ed25519",
            private_key=(tmp_path / "k").read_text(),
        )
    assert caught.value.code == "keys.private_key_encrypted"


@pytest.mark.parametrize(
    "junk", ["hello", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "x" * 30000]
)
def test_junk_is_refused_with_a_sentence(acme, system, junk):
    with pytest.raises(DomainError) as caught:
        deploy_key_create(
            system, organization=acme, alias="k", algorithm="ed25519", private_key=junk
        )
    assert caught.value.code == "keys.private_key_unreadable"


def test_short_rsa_key_is_refused(acme, system, tmp_path):
    ssh_keygen("-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", str(tmp_path / "k"))
    with pytest.raises(DomainError) as caught:
        deploy_key_create(
            system,
            organization=acme,
            alias="k",
            algorithm="rsa",
            private_key=(tmp_path / "k").read_text(),
        )
    assert caught.value.code == "keys.private_key_weak"
