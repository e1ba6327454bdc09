"""What every platform promises, checked over the whole registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builds.engine.environment import json_file
from builds.engine.toolchain import PROGRAMS
from builds.engine.tree import Tree, read_tree
from builds.platforms import PlanContext, platforms
from builds.sandbox import Limits
from core.registry import Registry

FIXTURES = Path(__file__).parents[1] / "fixtures" / "repos"
PACKAGE = Path(__file__).parents[2] / "builds" / "platforms"
SHELLS = {"sh", "bash", "dash", "env", "/bin/sh", "/bin/bash", "/usr/bin/env"}
EACH = pytest.mark.parametrize("platform", list(platforms), ids=lambda platform: platform.slug)


def context_of(platform, **changes) -> PlanContext:
    facts = {
        "tree": read_tree(FIXTURES / platform.slug),
        "environment": {"GREETING": "canary-value", "THINX_UDID": "u"},
        "limits": Limits(seconds=7, disk=12345678),
    }
    return PlanContext(**{**facts, **changes})


def test_there_are_the_three_platforms_and_each_has_a_fixture():
    assert {platform.slug for platform in platforms} == {"arduino", "micropython", "python"}
    assert isinstance(platforms, Registry)
    assert {folder.name for folder in FIXTURES.iterdir()} == {p.slug for p in platforms}


@EACH
def test_platform_recognises_its_fixture_and_no_other(platform):
    for folder in FIXTURES.iterdir():
        tree = read_tree(folder)
        sure = max(platforms, key=lambda p: ((found := p.detect(tree)) and found.confidence) or 0)
        assert (sure.slug == platform.slug) == (folder.name == platform.slug)
    assert platform.detect(Tree(())) is None
    assert platform.detect(Tree(("README.md", "src/main.c"))) is None


@EACH
def test_plan_is_the_same_each_time_and_keeps_the_limits(platform):
    context = context_of(platform)
    first, second = platform.plan(context), platform.plan(context)
    assert first == second
    assert first.limits == context.limits


@EACH
def test_plan_is_data_without_a_shell(platform):
    plan = platform.plan(context_of(platform))
    assert plan.steps
    for step in plan.steps:
        assert isinstance(step.argv, tuple)
        assert all(isinstance(part, str) and "\n" not in part for part in step.argv)
        assert step.argv[0] not in SHELLS
    assert set(plan.programs) <= set(PROGRAMS)


@EACH
def test_plan_declares_its_artifacts(platform):
    plan = platform.plan(context_of(platform))
    assert plan.firmware == platform.firmware
    assert plan.firmware in plan.globs
    assert not any(glob.startswith("/") or ".." in glob for glob in plan.globs)


@EACH
def test_plan_puts_values_into_files_and_never_into_arguments(platform):
    plan = platform.plan(context_of(platform))
    assert any(b"canary-value" in data for data in plan.files.values())
    assert all(name.startswith(("src/", "tools/")) for name in plan.files)
    assert all(".." not in name.split("/") for name in plan.files)
    assert not any("canary-value" in part for step in plan.steps for part in step.argv)
    assert "canary-value" not in f"{plan.environment}"


@EACH
def test_target_of_the_environment_cannot_leave_the_repository(platform):
    for target in ("/etc/passwd", "../x", "a/../../x"):
        with pytest.raises(Exception, match="inside the repository"):
            platform.plan(context_of(platform, target=target))


@EACH
def test_processor_of_another_kind_is_refused_only_when_it_is_known(platform):
    options = {} if platform.slug == "arduino" else {"arch": "esp32"}
    platform.check_device(options, platform.slug)
    platform.check_device(options, "")
    with pytest.raises(Exception, match="could disable the device"):
        platform.check_device(options, f"{platform.slug}:z80")


@EACH
def test_platform_is_described(platform):
    readme = (PACKAGE / platform.slug / "README.md").read_text()
    for part in ("Repository", "thinx.yml", "Environment", "Artifact"):
        assert re.search(rf"^## {part}", readme, re.MULTILINE), part
    assert platform.firmware in readme
    assert platform.label
    assert platform.language
    assert all(requirement.package for requirement in platform.requirements)


def test_environment_file_is_json():
    assert json_file({"A": 1}) == b'{\n  "A": 1\n}\n'
