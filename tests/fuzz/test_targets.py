"""The corpus holds, and a bounded search finds nothing new."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
DICTIONARY = Path(__file__).parent / "words.dict"
RUNS = 20_000
# Each of these is a dozen fresh contexts of the engine.
RUNS_OF = {"script": 4_000, "status": 2_000}
# Where requirements/dev.in asks for atheris.
HAS_ATHERIS = platform.machine() == "x86_64" and sys.version_info < (3, 14)


@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*/*")), ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_corpus_holds(path):
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.binary(max_size=2000))
def test_any_bytes_hold(name, data):
    TARGETS[name](data)


@pytest.mark.skipif(not HAS_ATHERIS, reason="atheris has no wheel here")
@pytest.mark.parametrize("name", TARGETS)
def test_bounded_search_finds_nothing(name, tmp_path):
    corpus = tmp_path / "corpus"
    shutil.copytree(CORPUS / name, corpus)
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.fuzz.run", name, f"-runs={RUNS_OF.get(name, RUNS)}",
            "-seed=7", "-max_len=4096", "-timeout=60", "-rss_limit_mb=2048", f"-dict={DICTIONARY}",
            f"-artifact_prefix={tmp_path}/", f"{corpus}",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = [path.read_bytes()[:500] for path in tmp_path.glob("*-*") if path.is_file()]
    assert done.returncode == 0, f"{found}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
