"""Which repository addresses may be fetched, and to which machine they really lead."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from builds.exceptions import BuildUserError
from core.networks import may_connect, resolve_host

MAX_LENGTH = 500
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?:{LABEL}(?:\.{LABEL})*\.?|\[[0-9A-Fa-f:.]+\])\Z")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\Z")
SCP_LIKE = re.compile(r"(?P<user>[^@:/\s]+)@(?P<host>\[[^\]]+\]|[^@:/\[\]\s]+):(?P<path>.+)\Z")
PORTS = {"ssh": 22, "https": 443, "http": 80}


@dataclass(frozen=True)
class GitUrl:
    """A checked address. `text` is what git gets; `address` is the machine it was pinned to."""

    text: str
    scheme: str
    user: str
    host: str
    port: int
    path: str
    own: bool = False
    address: str = ""

    @property
    def is_ssh(self) -> bool:
        """Tell whether a deploy key and a host key are needed."""
        return self.scheme == "ssh"

    @property
    def name(self) -> str:
        """Return the repository's name: the last part of the path without `.git`."""
        last = self.path.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
        return re.sub(r"[^A-Za-z0-9._-]+", "-", unquote(last)).strip("-.") or "firmware"

    @property
    def host_label(self) -> str:
        """Return the host as known_hosts writes it."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


def _refuse(code: str, message: str) -> BuildUserError:
    return BuildUserError(code, message, fields={"url": [message]})


def validate_git_url(
    url: str,
    *,
    allow_loopback: bool = False,
    own_prefixes: Iterable[str] = (),
    networks: Sequence[str] = (),
    resolve: bool = True,
) -> GitUrl:
    """Return the address when it may be fetched; raises BuildUserError `source.url_*`.

    ssh://, git@host:path and https:// only; http:// below a prefix of this console itself.
    `networks` are private ones that the operator has opened. With `resolve`, the host's addresses
    are looked up and checked; a host that does not resolve is let through without an address,
    because fetching it will say so better.
    """
    _check_text(url)
    own = any(prefix.endswith("/") and url.startswith(prefix) for prefix in own_prefixes)
    parsed = _parse(url, own=own)
    _check_parts(parsed)
    if not resolve:
        return parsed
    return pin(parsed, allow_loopback=allow_loopback, networks=networks)


def _check_text(url: str) -> None:
    if not url or len(url) > MAX_LENGTH:
        raise _refuse("source.url_invalid", "Give the address of a git repository.")
    if not url.isprintable() or any(letter.isspace() for letter in url) or "\\" in url:
        raise _refuse(
            "source.url_invalid", "The address contains characters that no repository has."
        )
    if url.startswith("-"):
        raise _refuse("source.url_invalid", "The address must not begin with a dash.")


def _parse(url: str, *, own: bool) -> GitUrl:
    if "://" not in url:
        return _parse_scp(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refuse("source.url_invalid", "The address cannot be read.") from None
    scheme = parts.scheme.lower()
    if scheme not in PORTS or (scheme == "http" and not own):
        raise _refuse(
            "source.url_scheme",
            "Use an ssh:// or https:// address, or git@host:path. Others are not fetched.",
        )
    if parts.password is not None or (scheme != "ssh" and parts.username is not None):
        raise _refuse(
            "source.url_password",
            "Take the user name and the token out of the address and enter the token in its "
            "own field, where it is kept encrypted.",
        )
    if parts.query or parts.fragment:
        raise _refuse("source.url_invalid", "The address must not contain ? or #.")
    host = parts.netloc.rpartition("@")[2]
    host = host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]
    user = parts.username or ""
    return GitUrl(url, scheme, user, host, port or PORTS[scheme], parts.path, own=own)


def _parse_scp(url: str) -> GitUrl:
    found = SCP_LIKE.match(url)
    if found is None or found["path"].startswith(":"):
        raise _refuse(
            "source.url_scheme",
            "Use an ssh:// or https:// address, or git@host:path. Others are not fetched.",
        )
    return GitUrl(url, "ssh", found["user"], found["host"], 22, found["path"])


def _check_parts(url: GitUrl) -> None:
    if not HOST.match(url.host) or len(url.host) > 253:
        raise _refuse("source.url_host", "The host name in the address is not a valid one.")
    if url.user and not USER.match(url.user):
        raise _refuse("source.url_host", "The user name in the address is not a valid one.")
    if not 0 < url.port < 65536:
        raise _refuse("source.url_host", "The port in the address is not a valid one.")
    path = unquote(url.path)
    if not path.strip("/") or path.lstrip("/").startswith("-") or not path.isprintable():
        raise _refuse("source.url_invalid", "The address does not name a repository.")
    if ".." in path.split("/"):
        raise _refuse("source.url_invalid", "The address must not contain “..”.")


def pin(url: GitUrl, *, allow_loopback: bool = False, networks: Sequence[str] = ()) -> GitUrl:
    """Look the host up now, refuse private machines, and remember the address to connect to.

    An address of this console itself stays as it is.
    """
    if url.own:
        return url
    opened = [ipaddress.ip_network(network) for network in networks]
    addresses = resolve_host(url.host.strip("[]"), url.port)
    for address in addresses:
        if not may_connect(address, allow_loopback=allow_loopback, opened=opened):
            raise _refuse(
                "source.url_private",
                f"{url.host} leads to a private address, and this console does not fetch from "
                "inside its own network unless its operator opens it.",
            )
    if not addresses:
        return url
    return GitUrl(**{**url.__dict__, "address": str(addresses[0])})


def clean_branch(branch: str) -> str:
    """Return a branch or tag name that git would accept; raises BuildUserError otherwise."""
    name = branch.strip().removeprefix("origin/")
    bad = (
        not name
        or len(name) > 200
        or name.startswith(("-", "/", "."))
        or name.endswith(("/", ".", ".lock"))
        or ".." in name
        or "@{" in name
        or not name.isprintable()
        or any(letter in name for letter in " ~^:?*[\\")
    )
    if bad:
        message = "This is not the name of a branch."
        raise BuildUserError("source.branch_invalid", message, fields={"branch": [message]})
    return name
