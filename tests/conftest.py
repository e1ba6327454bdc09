"""The cast, and what every test stands on.

Acme has alice (admin), olga (operator) and vera (viewer); mallory is admin of Umbrella; guest
belongs to nobody; root is a superuser; anon is not signed in.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.actor import Actor
from accounts.choices import Role
from core.crypto import create_keyring
from tests.factories.accounts import OrganizationFactory, join, make_user

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_addoption(parser) -> None:
    """`--routes transfer` tries only those routes of the access matrix while one works on them."""
    parser.addoption("--routes", default="", help="regular expression of route names to try")


def pytest_collection_modifyitems(items) -> None:
    """A test that may use the main database may use that of the history, where it has its own."""
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark is not None:
            mark.kwargs.setdefault("databases", [*settings.DATABASES])
        elif "transactional_db" in item.fixturenames:
            item.add_marker(
                pytest.mark.django_db(transaction=True, databases=[*settings.DATABASES])
            )
        elif "db" in item.fixturenames:
            item.add_marker(pytest.mark.django_db(databases=[*settings.DATABASES]))


@pytest.fixture(scope="session", autouse=True)
def master_key() -> None:
    """A master key in the data folder of this test process."""
    path = Path(settings.MASTER_KEY_FILE)
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            create_keyring(path)


@pytest.fixture(autouse=True)
def empty_outbox() -> None:
    """No test finds the messages of another; one that travels in time would leave later ones."""
    for path in settings.OUTBOX_DIR.glob("*"):
        path.unlink()


@pytest.fixture
def acme(db):
    return OrganizationFactory(name="Acme")


@pytest.fixture
def umbrella(db):
    return OrganizationFactory(name="Umbrella")


@pytest.fixture
def alice(acme):
    user = make_user("alice")
    join(user, acme, Role.ADMIN)
    return user


@pytest.fixture
def olga(acme):
    user = make_user("olga")
    join(user, acme, Role.OPERATOR)
    return user


@pytest.fixture
def vera(acme):
    user = make_user("vera")
    join(user, acme, Role.VIEWER)
    return user


@pytest.fixture
def mallory(umbrella):
    user = make_user("mallory")
    join(user, umbrella, Role.ADMIN)
    return user


@pytest.fixture
def guest(db):
    return make_user("guest")


@pytest.fixture
def root(db):
    return make_user("root", is_superuser=True)


@pytest.fixture
def act():
    """Return the actor of a person."""
    return Actor.for_user


@pytest.fixture
def system():
    return Actor.named_system("tests")


@pytest.fixture
def signed_in(db):
    """Return a client signed in as the person given.

    `force_login` tells `user_logged_in` with a real session, so that the session has PROVED_AT:
    for a quarter of an hour its person gets into the pages of sudo mode.
    """

    def sign_in(user) -> Client:
        client = Client()
        client.force_login(user, backend="accounts.backends.EmailBackend")
        return client

    return sign_in


@pytest.fixture
def in_acme(signed_in, acme):
    """Return a client signed in as the person given, with Acme chosen in the header."""

    def sign_in(user) -> Client:
        client = signed_in(user)
        session = client.session
        session["organization"] = f"{acme.uid}"
        session.save()
        return client

    return sign_in
