"""The certificate files a server uses, and an SSL context that follows them. Stdlib only."""

from __future__ import annotations

import asyncio.sslproto
import contextlib
import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

# A connection's buffer in asyncio is made whole at its start: 256 kB, which two thousand idle
# devices would turn into half a gigabyte. No TLS record is longer than this.
RECORD_BYTES = 17 * 1024


class CertificateProblem(Exception):
    """The certificate cannot be used; the text says which file and why."""


@dataclass(frozen=True)
class ServedFiles:
    """Where certificate and key are; the same file when it holds both."""

    certificate: Path
    key: Path

    @property
    def stamp(self) -> tuple[int, ...]:
        """What changes when the files do; empty while one is missing."""
        with contextlib.suppress(OSError):
            states = (self.certificate.stat(), self.key.stat())
            return tuple(n for state in states for n in (state.st_mtime_ns, state.st_ino))
        return ()


def served_files(own_folder: Path, certificate: str, key: str) -> ServedFiles:
    """Return the files the settings name, or those of the installation's own CA."""
    if bool(certificate) != bool(key):
        raise CertificateProblem(
            "THINX_TLS_CERTIFICATE and THINX_TLS_KEY belong together: set both, or neither for a "
            "certificate of the installation's own CA."
        )
    if certificate:
        return ServedFiles(Path(certificate), Path(key))
    return ServedFiles(own_folder / "server.pem", own_folder / "server.pem")


class ServerContext:
    """An SSL context for servers: TLS 1.2 or newer, the newest certificate for new connections."""

    def __init__(self, files: ServedFiles, *, protocols: tuple[str, ...] = ()) -> None:
        asyncio.sslproto.SSLProtocol.max_size = RECORD_BYTES  # type: ignore[attr-defined]
        self.files = files
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        if protocols:
            self.context.set_alpn_protocols(list(protocols))
        self.stamp = files.stamp
        load(self.context, files)

    def follow(self) -> bool:
        """Read the files again if they changed; keep what there is when they cannot be used."""
        stamp = self.files.stamp
        if not stamp or stamp == self.stamp:
            return False
        try:
            # Tried apart first: a pair that does not fit would spoil the context in use.
            load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.files)
            load(self.context, self.files)
        except CertificateProblem as problem:
            logger.warning("keeping the old certificate: %s", problem)
            return False
        self.stamp = stamp
        logger.info("using the new certificate of %s", self.files.certificate)
        return True


def load(context: ssl.SSLContext, files: ServedFiles) -> None:
    """Load certificate and key; raises CertificateProblem with a sentence for the operator."""
    for name, path in (("certificate", files.certificate), ("key", files.key)):
        try:
            path.open("rb").close()
        except OSError as error:
            raise CertificateProblem(
                f"The TLS {name} {path} cannot be read: {error.strerror}."
            ) from error
    try:
        # Without a password that fails, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(files.certificate, files.key, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        raise CertificateProblem(
            f"The TLS certificate {files.certificate} and the key {files.key} cannot be used: they "
            "must be PEM, without a password, and belong together "
            f"({getattr(error, 'reason', None) or error})."
        ) from error
