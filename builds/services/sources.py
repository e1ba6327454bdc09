"""Writes to sources, and the test of their access."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.changes import changed as changes_of
from audit.changes import snapshot
from audit.recorder import record
from builds import events
from builds.conf import build_settings
from builds.engine import git
from builds.engine.git_access import GitAccess, scan_host_key
from builds.engine.git_urls import GitUrl, clean_branch, pin, validate_git_url
from builds.engine.run import select_platform
from builds.engine.tree import read_tree
from builds.engine.workspace import workspace
from builds.exceptions import BuildUserError
from builds.models import Source
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit

MAX_REFS = 200
CHANGEABLE = frozenset({"alias", "url", "branch", "deploy_key", "access_token"})
FORGETS_HOST = frozenset({"url"})
FORGETS_TEST = frozenset({"url", "branch", "deploy_key", "access_token"})


@transaction.atomic
def source_create(
    actor: Any,
    *,
    organization: Any,
    alias: str,
    url: str,
    branch: str = "main",
    deploy_key: Any = None,
    access_token: str = "",
) -> Source:
    """Add a repository. Raises DomainError with `source.url_*` for an address that is refused.

    Audits. Nothing is fetched: *Test access* does that and pins the host key.
    """
    source = Source(organization=organization)
    _assign(
        source,
        {
            "alias": alias,
            "url": url,
            "branch": branch,
            "deploy_key": deploy_key,
            "access_token": access_token,
        },
    )
    source.full_clean(exclude=["access_token"])
    source.save()
    record(actor, events.SourceCreated, source, organization=organization, url=source.url)
    changed_on_commit(source, f"org.{organization.uid}")
    return source


@transaction.atomic
def source_update(actor: Any, *, source: Source, **changes: Any) -> Source:
    """Change alias, url, branch, deploy_key or access_token. Audits which, never the token.

    Another address forgets the pinned host key; anything but the alias forgets the last test.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise TypeError(f"a source has no {', '.join(sorted(unknown))} to change")
    changed = {
        name for name in changes if name == "access_token" or _differs(source, name, changes[name])
    }
    before = snapshot(source, sorted(changed))
    _assign(source, {name: changes[name] for name in changed})
    if changed & FORGETS_HOST:
        source.known_hosts = source.host_fingerprint = source.platform = ""
    if changed & FORGETS_TEST:
        source.checked_at, source.check_code, source.check_message, source.refs = None, "", "", {}
    source.full_clean(exclude=["access_token"])
    source.save()
    shown = changes_of(source, before)
    record(actor, events.SourceChanged, source, organization=source.organization, changes=shown)
    changed_on_commit(source, f"org.{source.organization.uid}")
    return source


@transaction.atomic
def source_delete(actor: Any, *, source: Source) -> None:
    """Delete a source with its builds and artifacts; devices that used it have none. Audits."""
    record(
        actor,
        events.SourceDeleted,
        source,
        organization=source.organization,
        builds=source.builds.count(),
    )
    changed_on_commit(source, f"org.{source.organization.uid}")
    source.delete()


def source_access(source: Source) -> GitAccess:
    """Return the checked address, pinned to a machine, with what opens it."""
    settings = build_settings()
    url = pin(
        validate_git_url(
            source.url,
            own_prefixes=settings.own_prefixes,
            resolve=False,
        ),
        allow_loopback=settings.allow_loopback,
        networks=settings.networks,
    )
    sealed: Any = source.deploy_key.private_key if source.deploy_key is not None else None
    token: Any = source.access_token
    return GitAccess(
        url=url,
        private_key=sealed.reveal() if sealed is not None else "",
        known_hosts=source.known_hosts,
        token=token.reveal() if token else "",
    )


def source_test(actor: Any, *, source: Source, accept_host_key: bool = False) -> Source:
    """Try the access now, up to a minute: host key, names, platform. Audits.

    The host key is pinned by the first test, or again when `accept_host_key` says that the new
    one was compared. What went wrong is kept on the source as `check_code` and
    `check_message`; nothing is raised.
    """
    tried = _Trial(known_hosts=source.known_hosts, fingerprint=source.host_fingerprint)
    try:
        tried.run(source, accept_host_key=accept_host_key)
    except DomainError as error:
        tried.code, tried.message = error.code, error.message
    return _keep(actor, source, tried)


@dataclass
class _Trial:
    """What one test of access found out."""

    known_hosts: str
    fingerprint: str
    code: str = "ok"
    message: str = ""
    refs: git.Refs | None = None
    platform: str = ""
    commit: str = ""

    def run(self, source: Source, *, accept_host_key: bool) -> None:
        access = source_access(source)
        if access.url.is_ssh and (accept_host_key or not self.known_hosts):
            keys = scan_host_key(access.url)
            self.known_hosts, self.fingerprint = keys.known_hosts, keys.fingerprint
        access = GitAccess(access.url, access.private_key, self.known_hosts, access.token)
        with workspace(build_settings().workdir) as folder:
            self.refs = git.list_refs(access, workdir=folder)
            if source.branch not in {*self.refs.branches, *self.refs.tags}:
                raise _no_branch(source, self.refs)
            self._look_inside(access, source.branch, folder)

    def _look_inside(self, access: GitAccess, branch: str, work: Path) -> None:
        folder, limits = work / "source", build_settings().git_limits
        checkout = git.clone(access, branch, folder, limits=limits, workdir=work)
        self.commit = checkout.commit
        self.platform = select_platform(read_tree(folder), folder).platform.slug


@transaction.atomic
def _keep(actor: Any, source: Source, tried: _Trial) -> Source:
    source.known_hosts, source.host_fingerprint = tried.known_hosts, tried.fingerprint
    source.checked_at = timezone.now()
    source.check_code, source.check_message = tried.code, tried.message[:500]
    if tried.refs is not None:
        source.refs = {
            "branches": sorted(tried.refs.branches)[:MAX_REFS],
            "tags": sorted(tried.refs.tags, reverse=True)[:MAX_REFS],
            "head": tried.refs.head,
        }
    source.platform = tried.platform or source.platform
    source.last_commit = tried.commit or source.last_commit
    source.save(
        update_fields=[
            "known_hosts",
            "host_fingerprint",
            "checked_at",
            "check_code",
            "check_message",
            "refs",
            "platform",
            "last_commit",
        ]
    )
    record(
        actor,
        events.SourceTested,
        source,
        organization=source.organization,
        result=tried.code,
        fingerprint=tried.fingerprint,
    )
    changed_on_commit(source, f"org.{source.organization.uid}")
    return source


def _no_branch(source: Source, refs: git.Refs) -> BuildUserError:
    some = ", ".join(sorted(refs.branches)[:5]) or "none"
    return BuildUserError(
        "build.user.no_branch",
        f"The repository has no branch {source.branch}. It has: {some}.",
    )


def _assign(source: Source, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(source, name, value)
    if "url" in changes:
        source.url = checked_url(changes["url"]).text
    if "branch" in changes:
        source.branch = _checked_branch(changes["branch"])
    key = changes.get("deploy_key")
    if key is not None and key.organization_id != source.organization_id:
        raise Conflict(
            "source.foreign_key", "The deploy key belongs to another organization than the source."
        )


def _differs(source: Source, name: str, value: Any) -> bool:
    """Tell whether a field gets another value; a token is write-only and always does."""
    return name == "access_token" or bool(getattr(source, name) != value)


def checked_url(text: str) -> GitUrl:
    """Return the address if it may be fetched; raises DomainError that names the field."""
    settings = build_settings()
    try:
        return validate_git_url(
            text.strip(),
            allow_loopback=settings.allow_loopback,
            own_prefixes=settings.own_prefixes,
            networks=settings.networks,
        )
    except DomainError as error:
        raise BuildUserError(error.code, error.message, fields={"url": [error.message]}) from None


def _checked_branch(text: str) -> str:
    try:
        return clean_branch(text)
    except DomainError as error:
        fields = {"branch": [error.message]}
        raise BuildUserError(error.code, error.message, fields=fields) from None
