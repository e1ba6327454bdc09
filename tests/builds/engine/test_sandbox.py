"""The sandbox runs a job, streams what it prints, and stops when told."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from builds.exceptions import BuildPlatformError
from builds.sandbox import (
    Limits,
    OpenRunner,
    SandboxJob,
    SandboxRunner,
    Step,
    cgroups,
    command,
    make_runner,
    sandbox_status,
)

pytestmark = pytest.mark.toolchain


def test_status_says_that_the_sandbox_works():
    status = sandbox_status()
    assert status.ok
    assert status.sandbox == "bubblewrap"
    assert "sandbox (bubblewrap)" in status.sentence


def test_status_names_the_package_that_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "clean_environment", lambda: {"PATH": str(tmp_path)})
    status = sandbox_status()
    assert not status.ok
    assert "apt-get install -y bubblewrap util-linux" in status.sentence


def test_sandbox_that_does_not_start_refuses_the_build(monkeypatch, shell):
    monkeypatch.setattr(command, "WORK", "/proc/nowhere")
    with pytest.raises(BuildPlatformError) as refusal:
        shell.run("echo never")
    assert refusal.value.code == "build.platform.no_sandbox"
    assert "never" not in shell.printed("stdout")


def test_no_setting_gives_the_open_runner_by_accident():
    assert isinstance(make_runner(), SandboxRunner)
    assert isinstance(make_runner("bubblewrap"), SandboxRunner)
    assert isinstance(make_runner("anything"), SandboxRunner)
    assert isinstance(make_runner("none"), OpenRunner)


def test_open_runner_builds_and_says_what_it_lacks(shell):
    shell.runner = OpenRunner()
    outcome = shell.run("echo hello > ../out/a.txt; pwd")
    assert outcome.ending == "ok"
    assert [file.name for file in outcome.collected] == ["a.txt"]
    assert "without a sandbox" in shell.lines[0][1]


def test_steps_run_in_order_between_the_lines_that_name_them(shell):
    outcome = shell.run("echo one", "echo two; echo oops >&2", "echo three")
    assert outcome.ending == "ok"
    kinds = [stream for stream, _ in shell.lines if stream != "system"]
    assert kinds[:3] == ["command", "stdout", "command"]
    assert kinds[-2:] == ["command", "stdout"]
    assert shell.printed("stdout") == ["one", "two", "three"]
    assert shell.printed("stderr") == ["oops"]


def test_failing_step_ends_the_job_with_its_code(shell):
    outcome = shell.run("exit 3", "echo never")
    assert (outcome.ending, outcome.code) == ("failed", 3)
    assert outcome.failed_step == ("sh", "-c", "exit 3")
    assert "never" not in shell.printed("stdout")


def test_missing_program_is_a_failed_step(shell):
    outcome = shell.run_job(SandboxJob((Step(("no-such-program",)),)))
    assert (outcome.ending, outcome.code) == ("failed", 127)
    assert "no-such-program" in shell.printed("stderr")[0]


def test_colours_stay_and_other_escapes_go(shell):
    shell.run(r"printf '\033[31mred\033[0m\033[2J\033]0;title\007\000end\n'")
    assert shell.printed("stdout") == ["\x1b[31mred\x1b[0mend"]


def test_long_line_is_cut_and_says_so(shell):
    shell.run("head -c 100000 /dev/zero | tr '\\0' x; echo; echo after", log_line=1000)
    first, second = shell.printed("stdout")
    assert first.startswith("x" * 1000)
    assert "99,000 more characters" in first
    assert second == "after"


def test_ten_megabytes_of_log_are_cut_and_the_build_goes_on(shell):
    outcome = shell.run(
        "yes 'a line of the log that is about as long as others' | head -c 10485760",
        "echo done > ../out/done; echo the last line",
        log=1 << 20,
    )
    assert outcome.ending == "ok"
    assert outcome.log_truncated
    assert [file.name for file in outcome.collected] == ["done"]
    assert len(shell.text) < 1.2 * (1 << 20)
    assert any("The log has reached 1 MB" in text for text in shell.printed("system"))
    assert any("lines were left out" in text for text in shell.printed("system"))
    assert shell.lines[-1] == ("stdout", "the last line")


def test_endless_loop_ends_at_the_deadline(shell):
    started = time.monotonic()
    outcome = shell.run("trap '' TERM; while :; do :; done", seconds=1)
    assert outcome.ending == "timeout"
    assert time.monotonic() - started < 30


def test_processor_time_is_limited(shell):
    outcome = shell.run("while :; do :; done", cpu_seconds=1, seconds=20)
    assert (outcome.ending, outcome.hint) == ("failed", "cpu")


def test_cancel_ends_a_sleeping_job_within_a_second(shell):
    started = time.monotonic()
    outcome = shell.run("echo up; sleep 60", cancelled=lambda: bool(shell.printed("stdout")))
    assert outcome.ending == "cancelled"
    assert time.monotonic() - started < 30


def test_environment_of_the_plan_is_the_only_one(shell, monkeypatch):
    monkeypatch.setenv("WORKER_SECRET", "canary")
    job = SandboxJob(
        (Step(("sh", "-c", "env; cat /proc/1/environ /proc/self/environ | tr '\\0' '\\n'")),),
        environment={"OPTION": "given"},
        limits=Limits(seconds=10),
    )
    shell.run_job(job)
    assert "OPTION=given" in shell.text
    assert "canary" not in shell.text
    assert "WORKER_SECRET" not in shell.text


def test_source_arrives_as_it_is_without_git(shell, tmp_path):
    source = tmp_path / "source"
    (source / "empty" / "folder").mkdir(parents=True)
    (source / ".git").mkdir()
    (source / ".git" / "config").write_text("x")
    (source / "ümläut name\n.txt").write_bytes(bytes(range(256)))
    (source / "run.sh").write_text("#!/bin/sh\necho run\n")
    (source / "old").symlink_to("run.sh")
    (source / "run.sh").chmod(0o755)
    (source / "link").symlink_to("run.sh")
    os.mkfifo(source / "pipe")
    script = (
        "./link; cp *.txt ../out/copy; ls -A; readlink link; ls -d empty/folder; cat old run.sh"
    )
    job = SandboxJob(
        (Step(("sh", "-c", script)),),
        source=source,
        files={"src/generated": b"new\n", "src/old": b"newer\n"},
        globs=("copy",),
        limits=Limits(seconds=10),
    )
    outcome = shell.run_job(job)
    assert outcome.ending == "ok"
    assert outcome.collected[0].path.read_bytes() == bytes(range(256))
    lines = shell.printed("stdout")
    assert lines[0] == "run"
    assert lines[-5:] == ["run.sh", "empty/folder", "newer", "#!/bin/sh", "echo run"]
    assert ".git" not in lines
    assert "pipe" not in lines


def test_sweep_removes_the_groups_of_dead_workers_only():
    ended = subprocess.Popen(["true"])
    ended.wait()
    with cgroups.limited("probe", memory=1 << 26, processes=8) as group:
        if not group.folders:
            pytest.skip("this machine gives no control groups")
        stale = group.folders[0].with_name(f"{cgroups.PREFIX}{ended.pid}-old")
        stale.mkdir()
        cgroups.sweep()
        assert not stale.exists()
        assert all(folder.exists() for folder in group.folders)
    assert not any(folder.exists() for folder in group.folders)
