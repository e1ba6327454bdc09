"""The git server and the workshop."""

from tests.support.git_fixtures import access_to, deploy_key, git_server, workshop  # noqa: F401
