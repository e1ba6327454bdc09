"""Questions that choose something there is nothing of: they say so, and where it is made."""

from __future__ import annotations

import pytest

from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.transformers import make_transformer

WAYS = {
    "build": ("There is no source to choose yet.", "/sources/add/", SourceFactory),
    "meshes": ("There is no mesh to choose yet.", "/meshes/add/", MeshFactory),
    "transformers": (
        "There is no transformer to choose yet.",
        "/transformers/add/",
        lambda *, organization: make_transformer(organization),
    ),
}


@pytest.mark.parametrize("action", WAYS)
def test_question_says_what_has_to_be_made_first(in_acme, olga, acme, umbrella, action):
    words, add, make = WAYS[action]
    url = f"/devices/{DeviceFactory(organization=acme, source=None).uid}/{action}/"
    make(organization=umbrella)
    page = in_acme(olga).get(url).text
    assert words in page
    assert f'href="{add}">Add one</a>' in page
    make(organization=acme)
    assert words not in in_acme(olga).get(url).text
