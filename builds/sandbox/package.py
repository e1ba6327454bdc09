"""The job and its source as one tar file, the only thing that enters a sandbox."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import asdict
from typing import IO

from builds.sandbox.contract import SandboxJob

MTIME = 315532800  # 1980-01-01, the first day a zip file knows


def pack(job: SandboxJob, target: IO[bytes]) -> None:
    """Write the job and its source; links stay links, special files and .git stay outside."""
    spec = {
        "steps": [asdict(step) for step in job.steps],
        "environment": dict(job.environment),
        "globs": list(job.globs),
        "limits": asdict(job.limits),
    }
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add_bytes(archive, "job.json", json.dumps(spec).encode())
        if job.source is not None:
            archive.add(job.source, "src", filter=_ordinary)
        for name, data in job.files.items():
            _add_bytes(archive, name, data)
        for name, path in job.programs.items():
            _add_bytes(archive, name, path.read_bytes(), mode=0o755)


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), mode, MTIME
    archive.addfile(member, io.BytesIO(data))


def _ordinary(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.name == "src/.git":
        return None
    if not (member.isreg() or member.isdir() or member.issym()):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = MTIME
    return member
