"""A data folder of its own for each test of the example."""

from __future__ import annotations

import pytest


@pytest.fixture
def example_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.EMBEDDED = True
    return tmp_path
