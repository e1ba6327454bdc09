"""The first process inside a sandbox: unpacks, runs the steps, hands the artifacts out.

Runs under the system's Python with nothing else in reach, so it uses the standard library only
and imports nothing of this project. Arguments: WORK CONTROL_FD OUT_FD LIFELINE_FD; the job and
the source arrive on standard input (see package.py). It tells its parent what happens by lines
of words between tabs on CONTROL, and asks for a byte on LIFELINE before each step, so that the
log keeps its order. When the other end of LIFELINE closes, the parent is gone and so is
everything here.
"""

# Starts with each build, so it imports little: json, re, signal or tarfile would double its time.
# ruff: noqa: PTH101, PTH103, PTH108, PTH118, PTH120, PTH123, PTH211, S108
from __future__ import annotations

import _thread
import marshal
import os
import resource
import select
import stat
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CHUNK = 1 << 16
SIGKILL, SIGPIPE, SIGXFSZ = 9, 13, 25
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFDIR: "a folder",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Refused(Exception):
    """A wanted path is not an ordinary file."""


def matches(path: str, globs: list[str]) -> bool:
    """Say whether a relative path fits one of the globs, component by component."""
    parts = path.split("/")
    for glob in globs:
        wanted = glob.split("/")
        if len(wanted) == len(parts) and all(map(fits, parts, wanted)):
            return True
    return False


def fits(name: str, glob: str) -> bool:
    """Say whether a name fits a pattern in which `*` stands for any text."""
    first, *rest = glob.split("*")
    if not rest:
        return name == glob
    if not name.startswith(first) or not name.endswith(rest[-1]):
        return False
    at, end = len(first), len(name) - len(rest[-1])
    for part in rest[:-1]:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end


def open_regular(name: str, parent: int) -> tuple[int, os.stat_result]:
    """Open an ordinary file without following or waiting for anything; else Refused."""
    kind = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if not stat.S_ISREG(kind):
        raise Refused(KINDS.get(stat.S_IFMT(kind), "not an ordinary file"))
    handle = os.open(name, REGULAR, dir_fd=parent)
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise Refused("not an ordinary file")
    if found.st_mode & (stat.S_ISUID | stat.S_ISGID):
        os.close(handle)
        raise Refused("a file with the set-user-id or set-group-id bit")
    return handle, found


def walk(folder: int, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str, int]]:
    """Yield (relative path, name, folder handle) below an open folder; links stay unopened."""
    for name in sorted(os.listdir(folder)):
        path = prefix + name
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        yield path, name, folder
        if stat.S_ISDIR(mode) and depth < 16:
            inner = os.open(name, DIRECTORY, dir_fd=folder)
            try:
                yield from walk(inner, path + "/", depth + 1)
            finally:
                os.close(inner)


def wanted(root: str, globs: list[str]) -> Iterator[tuple[str, int, Any]]:
    """Yield (path, handle, stat result or reason) of everything below `root` that fits."""
    folder = os.open(root, DIRECTORY)
    try:
        for path, name, parent in walk(folder):
            if not matches(path, globs):
                continue
            try:
                handle, found = open_regular(name, parent)
            except Refused as reason:
                yield path, -1, str(reason)
                continue
            try:
                yield path, handle, found
            finally:
                os.close(handle)
    finally:
        os.close(folder)


class Init:
    """One run of one job."""

    def __init__(self, work: str, control: int, out: int, lifeline: int) -> None:
        self.work, self.control, self.out, self.lifeline = work, control, out, lifeline
        self.job: dict = {}

    def say(self, *words: object) -> None:
        """Send one line of words; what a build named itself is escaped."""
        line = "\t".join(f"{word}".encode("unicode_escape").decode() for word in words)
        os.write(self.control, f"{line[:4000]}\n".encode())

    def main(self) -> int:
        for handle in (self.control, self.out, self.lifeline):
            os.set_inheritable(handle, False)  # noqa: FBT003
        _thread.start_new_thread(self.watch, ())
        self.say("ready")
        try:
            self.unpack()
        except OSError as error:
            self.say("fault", int(self.is_full()), error)
            return 125
        code = self.run_steps()
        self.end_the_rest()
        if code == 0:
            self.collect()
        return code

    def watch(self) -> None:
        """End everything when the parent is gone or the time is over."""
        poll = select.poll()
        poll.register(self.lifeline, 0)
        started = time.monotonic()
        while not poll.poll(500):
            seconds = self.job.get("limits", {}).get("seconds")
            if seconds and time.monotonic() - started > seconds + 5:
                break
        os.killpg(0, SIGKILL)
        os._exit(137)

    def unpack(self) -> None:
        for folder in ("src", "out", "build", "tools", "home"):
            os.makedirs(os.path.join(self.work, folder), exist_ok=True)
        with os.fdopen(0, "rb", CHUNK, closefd=False) as package:
            self.job = marshal.loads(package.read(int(package.readline())))  # noqa: S302 - our worker wrote it
            while line := package.readline():
                kind, mode, name_size, size = line.split()
                name = os.fsdecode(package.read(int(name_size)))
                self.place(kind, int(mode), name, package.read(int(size)))
        limit = self.job["limits"].get("processes")
        if limit:
            resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))

    def place(self, kind: bytes, mode: int, name: str, content: bytes) -> None:
        path = os.path.join(self.work, name)
        if kind == b"folder":
            os.makedirs(path, exist_ok=True)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):  # a generated file takes the place of the repository's
            os.unlink(path)
        if kind == b"link":
            os.symlink(content, path)
            return
        with open(path, "wb") as target:
            target.write(content)
        os.chmod(path, 0o755 if mode & 0o100 else 0o644)

    def run_steps(self) -> int:
        environment = {**os.environ, "HOME": os.path.join(self.work, "home")}
        environment.update(self.job.get("environment", {}))
        for index, step in enumerate(self.job["steps"]):
            self.say("step", index)
            if not os.read(self.lifeline, 1):
                return 137
            argv = [part.replace("{work}", self.work) for part in step["argv"]]
            code = self.run(argv, os.path.join(self.work, step["cwd"]), environment)
            if code:
                self.say("exit", index, code, int(self.is_full()))
                return code
        return 0

    def run(self, argv: list[str], cwd: str, environment: dict[str, str]) -> int:
        try:
            os.chdir(cwd)
            pid = os.posix_spawnp(
                argv[0],
                argv,
                environment,
                file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)],
                setsigdef=[SIGPIPE, SIGXFSZ],
            )
        except OSError as error:
            sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
            sys.stderr.flush()
            return 127
        while True:
            ended, status = os.wait()
            if ended == pid:
                return self.code_of(status)

    @staticmethod
    def code_of(status: int) -> int:
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def end_the_rest(self) -> None:
        """Nothing of the build may still write while its artifacts are read."""
        if os.getpid() != 1:
            return
        try:
            os.kill(-1, SIGKILL)
            while True:
                os.wait()
        except (ChildProcessError, ProcessLookupError):
            return

    def is_full(self) -> bool:
        """Say whether the work folder or the temporary folder has run out of room."""
        for folder in (self.work, "/tmp"):
            state = os.statvfs(folder)
            if state.f_bavail * state.f_frsize < CHUNK:
                return True
        return False

    def collect(self) -> None:
        """Write each wanted file to OUT: a line with its size and name, then its bytes."""
        count = 0
        root = os.path.join(self.work, "out")
        for path, handle, found in wanted(root, self.job.get("globs", [])):
            if handle < 0:
                self.say("refused", path, found)
                continue
            if not path.isprintable():
                self.say("refused", path, "a name that no artifact has")
                continue
            count += 1
            if count > self.job["limits"]["artifacts"]:
                self.say("refused", path, "one file too many")
                return
            try:
                self.send(path, handle, found.st_size)
            except OSError:
                self.say("refused", path, "too large, alone or with the others")
                return

    def send(self, path: str, handle: int, size: int) -> None:
        if size > self.job["limits"]["file"]:
            raise OSError
        self.write(f"{size} {path}\n".encode())
        left = size
        while left and (chunk := os.read(handle, min(left, CHUNK))):
            self.write(chunk)
            left -= len(chunk)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.out, data) :]


if __name__ == "__main__":
    sys.exit(Init(sys.argv[1], *map(int, sys.argv[2:5])).main())
