"""How `make run` and the deployments start the web server."""

from __future__ import annotations

import re

import pytest

from thinx_console.supervisor.console import ROOT, Console
from thinx_console.supervisor.programs import programs_of


def _of_make_run(folder) -> str:
    console = Console.from_environment({"THINX_DATA_DIR": f"{folder}"})
    (web,) = (one for one in programs_of(console) if one.name == "web")
    return " ".join(web.argv)


@pytest.mark.parametrize("name", ["", "systemd/thinx-web.service", "compose.yaml"])
def test_web_server_takes_the_loop_that_is_tested_whatever_else_is_installed(tmp_path, name):
    text = (ROOT / "deploy" / name).read_text() if name else _of_make_run(tmp_path)
    words = re.sub(r'[",]', "", text)
    assert "--loop uvloop" in words
