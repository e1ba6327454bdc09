"""What foreign code tries in the sandbox, and what comes of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from builds.sandbox.contract import MIB
from tests.support.sshd import make_key

pytestmark = pytest.mark.toolchain
ROOT = Path(__file__).parents[3]


def processes_of(mark: str) -> list[str]:
    """Return the command lines on this machine that contain a mark."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if mark in line and int(folder.name) != os.getpid():
                found.append(line)
    return found


def test_build_sees_no_file_of_the_machine(shell):
    shell.run(
        "cat /etc/shadow /etc/passwd /root/.bashrc; ls /home /root /var /etc /srv /run /opt; "
        f"cat {ROOT}/manage.py; ls /usr/local; ls /"
    )
    assert "root:" not in shell.text
    assert "django" not in shell.text.lower()
    listed = {text for text in shell.printed("stdout") if text}
    assert listed == {
        "bin", "dev", "init.py", "lib", "lib64", "proc", "sbin", "tmp", "usr", "work",
    }  # fmt: skip


def test_build_cannot_change_the_system_or_write_outside_its_folders(shell):
    shell.run("for p in /usr/x /x /dev/x /dev/shm/x /proc/x /usr/local/x /init.py; do "
              "echo y > $p && echo WROTE $p; done; true")  # fmt: skip
    assert "WROTE" not in shell.text


def test_build_runs_as_nobody_in_particular_without_capabilities(shell):
    shell.run("id -u; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status")
    if os.geteuid() == 0:
        assert int(shell.printed("stdout")[0]) > 20000
    assert "CapEff:\t0000000000000000" in shell.text
    assert "CapBnd:\t0000000000000000" in shell.text
    assert "NoNewPrivs:\t1" in shell.text
    assert "Seccomp:\t2" in shell.text


def test_build_has_no_network(shell):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        name = f"\0thinx-canary-{port}"
        with socket.socket(socket.AF_UNIX) as abstract:
            abstract.bind(name)
            abstract.listen()
            shell.python(
                f"""
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", {port})),
                        (socket.AF_INET, ("192.0.2.1", 80)),
                        (socket.AF_UNIX, {name!r})):
    try:
        socket.socket(family).connect(address)
        print("CONNECTED", address)
    except OSError as error:
        print("refused", error)
try:
    print("RESOLVED", socket.gethostbyname("localhost.example.com"))
except OSError:
    print("no names")
"""
            )
    assert shell.text.count("refused [") == 3
    assert "CONNECTED" not in shell.text
    assert "no names" in shell.text


def test_fork_bomb_is_limited_and_leaves_nothing(shell):
    outcome = shell.python(
        """
import os, time
made = 0
try:
    while made < 3000:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError:
    print("stopped after", made)
""",
        processes=64,
        seconds=15,
    )
    assert outcome.ending == "ok"
    assert int(shell.printed("stdout")[0].split()[-1]) < 64


@pytest.mark.parametrize("place", ["/work/src/big", "/tmp/big", "/work/out/big"])
def test_filling_the_disk_fails_the_build_and_says_so(shell, place):
    outcome = shell.run(
        f"i=0; while [ $i -lt 40 ]; do head -c 1048576 /dev/zero > {place}$i || exit 1; "
        "i=$((i+1)); done",
        disk=16 * MIB, temp=8 * MIB,
    )  # fmt: skip
    assert (outcome.ending, outcome.hint) == ("failed", "disk")


def test_one_huge_file_is_cut_off(shell):
    outcome = shell.run("head -c 30000000 /dev/zero > big", file=4 * MIB)
    assert outcome.ending == "failed"


def test_memory_is_limited(shell):
    outcome = shell.python("x = bytearray(900 * 1024 * 1024); print('GOT IT')",
                           memory=128 * MIB, address_space=512 * MIB)  # fmt: skip
    assert outcome.ending == "failed"
    assert "GOT IT" not in shell.printed("stdout")


def test_memory_of_many_processes_together_is_limited_where_the_machine_can(shell):
    hungry = "x = b'1' * 60000000; import time; time.sleep(1)"
    outcome = shell.run(
        f'for i in 1 2 3 4 5 6; do /usr/bin/python3 -c "{hungry}" & ids="$ids $!"; done; '
        "for id in $ids; do wait $id || failed=1; done; exit $failed",
        memory=128 * MIB,
        disk=8 * MIB,
        temp=8 * MIB,
    )
    if any("Control groups cannot be written" in text for text in shell.printed("system")):
        pytest.skip("this machine gives no control groups")
    assert (outcome.ending, outcome.hint) == ("failed", "memory")


def test_forbidden_system_calls_are_refused(shell):
    shell.python(
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
calls = {"ptrace": 101, "mount": 165, "unshare": 272, "keyctl": 250, "bpf": 321,
         "io_uring_setup": 425, "perf_event_open": 298, "userfaultfd": 323, "setns": 308}
for name, number in calls.items():
    result = libc.syscall(number, 0, 0, 0, 0, 0)
    print(name, result, ctypes.get_errno())
print("clone3", libc.syscall(435, 0, 0), ctypes.get_errno())
print("clone", libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0), ctypes.get_errno())
"""
    )
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86_64")
    lines = shell.printed("stdout")
    assert len(lines) == 11
    for line in lines:
        name, result, error = line.split()
        assert (result, error) == ("-1", "38" if name == "clone3" else "1"), line


def test_mount_and_namespaces_are_refused(shell):
    shell.run(
        "unshare -Ur true && echo INSIDE; mount -t tmpfs none /work/src && echo MOUNTED; true"
    )
    assert "INSIDE" not in shell.text
    assert "MOUNTED" not in shell.text


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("ln -s /etc/shadow ../out/firmware", "a symbolic link"),
        ("mkfifo ../out/firmware", "a named pipe"),
        ("mkdir ../out/firmware", "a folder"),
        ("echo x > ../out/firmware; chmod u+s ../out/firmware", "set-user-id"),
    ],
)
def test_artifact_that_is_no_ordinary_file_is_refused(shell, script, reason):
    outcome = shell.run(script)
    assert outcome.ending == "ok"
    assert outcome.collected == ()
    assert reason in outcome.refused[0]
    assert list(shell.folder.iterdir()) == []


def test_artifact_below_a_linked_folder_is_not_read(shell):
    outcome = shell.run("mkdir x; echo secret > x/firmware; ln -s ../src/x ../out/x")
    assert [file.name for file in outcome.collected] == []


def test_more_artifacts_than_allowed_are_refused(shell):
    outcome = shell.run("for i in 1 2 3 4 5; do echo $i > ../out/$i; done", artifacts=3)
    assert len(outcome.collected) == 3
    assert "one file too many" in outcome.refused[0]


def test_artifact_larger_than_allowed_is_refused(shell):
    outcome = shell.run(
        "for i in 1 2 3; do head -c 1500000 /dev/zero > ../out/$i; done", file=2_000_000
    )
    assert len(outcome.collected) == 1
    assert "too large" in outcome.refused[0]


def test_daemon_left_behind_is_gone(shell):
    mark = f"2{time.monotonic_ns() % 100000}.125"
    shell.run(f"setsid sleep {mark} >/dev/null 2>&1 & exit 0")
    assert processes_of(mark) == []


def test_daemon_that_keeps_the_log_open_does_not_hold_the_build(shell):
    started = time.monotonic()
    outcome = shell.run("setsid sleep 50 & exit 0")
    assert outcome.ending == "ok"
    assert time.monotonic() - started < 30


WORKER = """
import sys, tempfile, pathlib
sys.path.insert(0, {root!r})
from builds.sandbox import {runner}, SandboxJob, Step, Limits
print("started", flush=True)
{runner}().run(
    SandboxJob((Step(("sh", "-c", "sleep {mark} & sleep {mark} & sleep {mark}")),),
               limits=Limits(seconds=60)),
    pathlib.Path(tempfile.mkdtemp()),
    on_line=lambda stream, text: print(stream, flush=True), cancelled=lambda: False)
"""


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_killed_worker_leaves_nothing_running(death):
    mark = f"3{time.monotonic_ns() % 100000}.125"
    code = WORKER.format(root=str(ROOT), mark=mark, runner="SandboxRunner")
    worker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    for line in worker.stdout:
        if line.startswith("command"):
            break
    deadline = time.monotonic() + 5
    while not processes_of(f"sleep {mark}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(f"sleep {mark}")
    worker.send_signal(death)
    worker.wait(5)
    worker.stdout.close()
    deadline = time.monotonic() + 3
    while processes_of(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(mark) == []


FETCHER = """
import sys
sys.path.insert(0, {root!r})
from builds.engine import git
from builds.engine.git_access import GitAccess
from builds.engine.git_urls import validate_git_url
url = validate_git_url("ssh://git@127.0.0.1:{port}/x.git", allow_loopback=True)
git.list_refs(GitAccess(url, open({key!r}).read(), "x ssh-ed25519 AAAA\\n"))
"""


def test_killed_worker_leaves_no_git_and_no_ssh(tmp_path):
    make_key(tmp_path / "key")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(20)
        port = silent.getsockname()[1]
        code = FETCHER.format(root=str(ROOT), port=port, key=str(tmp_path / "key"))
        worker = subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        connection, _ = silent.accept()
        with connection:
            assert len(processes_of(f"127.0.0.1:{port}/x.git")) >= 1
            worker.kill()
            worker.wait(5)
            deadline = time.monotonic() + 3
            while processes_of(str(tmp_path)) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert processes_of(str(tmp_path)) == []


ORDINARY = """
import sys, tempfile, pathlib
sys.path.insert(0, {root!r})
from builds.sandbox import SandboxRunner, SandboxJob, Step, Limits, sandbox_status
print(sandbox_status().ok)
folder = pathlib.Path(tempfile.mkdtemp(dir={work!r}))
outcome = SandboxRunner().run(
    SandboxJob((Step(("sh", "-c", "id -u; cat /etc/passwd {root}/manage.py; echo x > ../out/a")),
                Step(("/usr/bin/python3", "-c", {bomb!r}))),
               globs=("*",), limits=Limits(seconds=20, processes=40)),
    folder, on_line=lambda stream, text: print(text) if stream == "stdout" else None,
    cancelled=lambda: False)
print(outcome.ending, [file.name for file in outcome.collected])
"""
BOMB = """
import os, time
made = 0
try:
    while made < 3000:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        made += 1
except OSError:
    print("stopped", made < 40)
"""


def test_ordinary_user_has_the_same_sandbox(tmp_path):
    """Everything but the user id of its own, which only root can give."""
    if os.geteuid() != 0:
        pytest.skip("every other test here is this one")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    with tempfile.TemporaryDirectory() as work:
        Path(work).chmod(0o777)
        code = ORDINARY.format(root=str(ROOT), work=work, bomb=BOMB)
        line = [*nobody, sys.executable, "-B", "-c", code]
        clean = {"PATH": os.environ["PATH"], "HOME": work, "TMPDIR": work}
        if subprocess.run([*line[:-1], "import django"], env=clean, check=False).returncode:
            pytest.skip("an ordinary user cannot read this Python")
        done = subprocess.run(
            line, env=clean, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.stdout.splitlines() == ["True", "65534", "stopped True", "ok ['a']"], done.stderr
