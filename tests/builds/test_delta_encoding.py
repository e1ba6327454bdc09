"""Deltas as bytes: what we write, detools and the agent apply; what is spoilt is refused."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import detools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.deltas.encoding import delta_of, packed
from builds.deltas.making import make_delta

sys.path.insert(0, f"{Path(__file__).parents[2] / 'clients' / 'python'}")
from thinx_agent import delta

firmware = st.binary(max_size=400)
pieces = st.lists(st.binary(min_size=1, max_size=60), max_size=12)


def applied_by_detools(base: bytes, patch: bytes) -> bytes:
    made = io.BytesIO()
    detools.apply_patch(io.BytesIO(base), io.BytesIO(patch), made)
    return made.getvalue()


def applied_by_agent(base: bytes, patch: bytes, size: int, folder: Path) -> bytes:
    (folder / "base").write_bytes(base)
    (folder / "patch").write_bytes(patch)
    delta.apply(folder / "base", folder / "patch", folder / "made", size=size)
    return (folder / "made").read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("deltas")


@given(base=firmware, target=firmware)
def test_any_two_files_have_a_delta(folder, base, target):
    patch = delta_of(base, target)
    assert applied_by_detools(base, patch) == target
    assert applied_by_agent(base, patch, len(target), folder) == target


@given(parts=pieces, order=st.randoms(use_true_random=False))
def test_moved_pieces_are_found_in_both_directions(folder, parts, order):
    base = b"".join(parts)
    order.shuffle(parts)
    target = b"".join(parts)
    patch = delta_of(base, target)
    assert applied_by_detools(base, patch) == target
    assert applied_by_agent(base, patch, len(target), folder) == target


@given(base=firmware, target=st.binary(min_size=1, max_size=400))
def test_the_agent_applies_what_detools_makes(folder, base, target):
    patch = io.BytesIO()
    detools.create_patch(io.BytesIO(base), io.BytesIO(target), patch, compression="lzma")
    assert applied_by_agent(base, patch.getvalue(), len(target), folder) == target


@given(base=firmware, target=st.binary(min_size=1, max_size=400), data=st.data())
def test_a_spoilt_delta_is_refused_or_makes_a_file_of_the_promised_size(folder, base, target, data):
    patch = bytearray(delta_of(base, target))
    at = data.draw(st.integers(0, len(patch) - 1))
    patch[at] ^= data.draw(st.integers(1, 255))
    patch = patch[: data.draw(st.integers(0, len(patch)))]
    try:
        made = applied_by_agent(base, bytes(patch), len(target), folder)
    except delta.BadDelta:
        return
    assert len(made) == len(target)


@given(st.integers(-(2**62), 2**62))
def test_numbers_are_read_as_they_were_written(number):
    assert delta._number(io.BytesIO(packed(number)).read) == number


def test_a_small_change_makes_a_small_delta():
    base = bytes(range(256)) * 64
    target = base[:5000] + b"changed" + base[5007:]
    assert len(delta_of(base, target)) < 200


def test_the_child_process_writes_the_delta(tmp_path):
    (tmp_path / "base").write_bytes(b"old firmware" * 100)
    (tmp_path / "target").write_bytes(b"old firmware" * 99 + b"new firmware")
    assert make_delta(tmp_path / "base", tmp_path / "target", tmp_path / "delta")
    made = applied_by_detools(b"old firmware" * 100, (tmp_path / "delta").read_bytes())
    assert made == (tmp_path / "target").read_bytes()


def test_a_file_that_is_not_there_makes_no_delta(tmp_path):
    assert not make_delta(tmp_path / "base", tmp_path / "target", tmp_path / "delta")
