"""URLs of the example."""

from __future__ import annotations

from django.urls import path

from thinx_console.example import git_http

urlpatterns = [
    path("examples/<slug:name>.git/info/refs", git_http.info_refs, name="example_info_refs"),
    path(
        "examples/<slug:name>.git/git-upload-pack",
        git_http.upload_pack,
        name="example_upload_pack",
    ),
]
