"""From git's words to a sentence for the person whose repository it is."""

from __future__ import annotations

from builds.engine.git_urls import GitUrl
from builds.exceptions import BuildUserError

# The first group whose phrase is in git's output decides; order matters.
PHRASES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "build.user.host_key",
        ("host identification has changed", "host key verification failed", "host key is known"),
        "{host} shows another host key than the one remembered for this source. If its "
        "administrator changed it, test the access again and compare the fingerprint.",
    ),
    (
        "build.user.key_invalid",
        ("invalid format", "error in libcrypto", "incorrect passphrase", "too open"),
        "The deploy key cannot be read. Paste it again, without a pass phrase.",
    ),
    (
        "build.user.clone_denied",
        ("permission denied (", "too many authentication failures"),
        "The repository refused this deploy key. Add its public half to the repository's deploy "
        "keys, then test again.",
    ),
    (
        "build.user.clone_denied",
        ("authentication failed", "could not read username", "could not read password",
         "error: 401", "error: 403", "terminal prompts disabled"),
        "The repository refused the access. Check its address and the access token of this source.",
    ),
    (
        "build.user.no_branch",
        ("remote branch",),
        "The repository has no branch or tag “{branch}”. Choose another one for this source.",
    ),
    (
        "build.user.redirected",
        ("redirect", "error: 301", "error: 302", "error: 307", "error: 308"),
        "The address leads on to another one. Enter the final address of the repository.",
    ),
    (
        "build.user.no_repository",
        ("does not appear to be a git repository", "repository not found", "not found",
         "error: 404", "no such file or directory", "is not a git repository",
         "not valid: is this a git repository"),
        "There is no git repository at this address that this key may read. Check the path.",
    ),
    (
        "build.user.tls",
        ("ssl certificate", "certificate verify", "tls"),
        "The certificate of {host} cannot be verified.",
    ),
    (
        "build.user.unreachable",
        ("could not resolve", "connection refused", "connection timed out", "timed out",
         "no route to host", "failed to connect", "couldn't connect", "unreachable",
         "connection closed", "connection reset", "kex_exchange", "early eof", "hung up",
         "could not read from remote"),
        "{host} cannot be reached from here. Check the address, and that the server is up.",
    ),
)  # fmt: skip


def git_error(output: str, *, url: GitUrl, branch: str = "") -> BuildUserError:
    """Return the error that git's output means."""
    lowered = output.lower()
    for code, phrases, sentence in PHRASES:
        if any(phrase in lowered for phrase in phrases):
            return BuildUserError(code, sentence.format(host=url.host, branch=branch))
    lines = [line for line in output.splitlines() if line.strip()]
    last = lines[-1].strip()[:300] if lines else "it gave no reason"
    return BuildUserError("build.user.clone_failed", f"git could not fetch the source: {last}")
