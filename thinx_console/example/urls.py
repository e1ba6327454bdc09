"""URLs of the example."""

from __future__ import annotations

from django.urls import path

from thinx_console.example import git_http, views

urlpatterns = [
    path("example/load/", views.ExampleLoadView.as_view(), name="example_load"),
    path("example/unload/", views.ExampleUnloadView.as_view(), name="example_unload"),
    path("examples/<slug:name>.git/info/refs", git_http.info_refs, name="example_info_refs"),
    path(
        "examples/<slug:name>.git/git-upload-pack",
        git_http.upload_pack,
        name="example_upload_pack",
    ),
]
