"""What every journey through a browser stands on."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.accessibility import AXE
from tests.support.browser import chromium


@pytest.fixture(scope="module")
def chrome():
    """One browser for a file; its Playwright must end before other files run their event loops."""
    with chromium() as running:
        yield running


@pytest.fixture
def pictures(request) -> Path:
    """A folder that stays, so that people can look at what was seen."""
    folder = Path(tempfile.gettempdir()) / "thinx-pictures" / request.node.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, installed when it is not there yet."""
    script = AXE / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=AXE, check=True, capture_output=True)
    return str(script)
