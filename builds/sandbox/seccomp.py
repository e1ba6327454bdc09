"""The system-call filter of a build: a deny list as classic BPF, made without a library."""

from __future__ import annotations

import errno
import platform
import struct

LOAD, JUMP_EQ, JUMP_GE, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW = 0x7FFF0000
ERRNO = 0x00050000
KILL = 0x80000000
NUMBER, ARCHITECTURE, ARGUMENT_0 = 0, 4, 16

# CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}; CLONE_NEWTIME shares a bit with the exit signal.
NEW_NAMESPACE = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000

X86_64 = {
    "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
    "unshare": 272, "setns": 308, "keyctl": 250, "add_key": 248, "request_key": 249,
    "bpf": 321, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "perf_event_open": 298, "userfaultfd": 323, "process_vm_readv": 310,
    "process_vm_writev": 311, "kexec_load": 246, "init_module": 175, "finit_module": 313,
    "delete_module": 176, "swapon": 167, "reboot": 169, "open_by_handle_at": 304,
    "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsmount": 432, "mount_setattr": 442,
    "acct": 163, "quotactl": 179, "syslog": 103, "personality": 135,
}  # fmt: skip
AARCH64 = {
    "ptrace": 117, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51,
    "unshare": 97, "setns": 268, "keyctl": 219, "add_key": 217, "request_key": 218,
    "bpf": 280, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "perf_event_open": 241, "userfaultfd": 282, "process_vm_readv": 270,
    "process_vm_writev": 271, "kexec_load": 104, "init_module": 105, "finit_module": 273,
    "delete_module": 106, "swapon": 224, "reboot": 142, "open_by_handle_at": 265,
    "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsmount": 432, "mount_setattr": 442,
    "acct": 89, "quotactl": 60, "syslog": 116, "personality": 92,
}  # fmt: skip

# machine: (AUDIT_ARCH, denied calls, clone, clone3, first number of another ABI)
MACHINES: dict[str, tuple[int, dict[str, int], int, int, int | None]] = {
    "x86_64": (0xC000003E, X86_64, 56, 435, 0x40000000),
    "aarch64": (0xC00000B7, AARCH64, 220, 435, None),
}


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value & 0xFFFFFFFF)


def is_known(machine: str | None = None) -> bool:
    """Say whether there is a filter for this kind of processor."""
    return (machine or platform.machine()) in MACHINES


def make_filter(machine: str | None = None) -> bytes:
    """Return the program for bwrap's --seccomp; unknown processors raise KeyError.

    EPERM for the denied calls and for new namespaces; clone3 answers ENOSYS, because its flags
    lie in memory that a filter cannot read, and libraries then fall back to clone.
    """
    audit, denied, clone, clone3, foreign = MACHINES[machine or platform.machine()]
    program = [
        _op(LOAD, ARCHITECTURE),
        _op(JUMP_EQ, audit, yes=1),
        _op(RETURN, KILL),
        _op(LOAD, NUMBER),
    ]
    if foreign is not None:
        program += [_op(JUMP_GE, foreign, no=1), _op(RETURN, ERRNO | errno.EPERM)]
    program += [_op(JUMP_EQ, clone3, no=1), _op(RETURN, ERRNO | errno.ENOSYS)]
    for number in sorted(denied.values()):
        program += [_op(JUMP_EQ, number, no=1), _op(RETURN, ERRNO | errno.EPERM)]
    program += [
        _op(JUMP_EQ, clone, no=3),
        _op(LOAD, ARGUMENT_0),
        _op(JUMP_SET, NEW_NAMESPACE, no=1),
        _op(RETURN, ERRNO | errno.EPERM),
        _op(RETURN, ALLOW),
    ]
    return b"".join(program)
