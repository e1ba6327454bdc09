"""One build from a repository's address to files with hashes. Knows no models and no queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from builds.engine import environment, git, thinx_yml, toolchain
from builds.engine.environment import DeviceFacts, ServerFacts, VersionFacts
from builds.engine.git_access import GitAccess
from builds.engine.redact import Redactor
from builds.engine.tree import Tree, read_file, read_tree
from builds.exceptions import BuildCancelled, BuildUserError
from builds.platforms import BuildPlan, PlanContext, Platform, platforms
from builds.sandbox import Collected, Limits, Outcome, SandboxJob, make_runner
from builds.sandbox.output import STDOUT, SYSTEM

OnStage = Callable[[str], None]
OnLine = Callable[[str, str], None]
PREPARING, CLONING, BUILDING = "preparing", "cloning", "building"


@dataclass(frozen=True)
class BuildRequest:
    """All a build needs to know. Secrets stay out of its text form.

    `number` counts the builds of one source; the version is `<highest version tag>.<number>`.
    `secrets` are masked in the log, beside the key, the token and the API key.
    """

    access: GitAccess
    branch: str
    number: int
    destination: Path
    device: DeviceFacts = field(default_factory=DeviceFacts)
    server: ServerFacts = field(default_factory=lambda: ServerFacts("http://127.0.0.1:7442"))
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    limits: Limits = field(default_factory=Limits)
    git_limits: git.GitLimits = field(default_factory=git.GitLimits)
    workdir: Path | None = None
    sandbox: str = "bubblewrap"


@dataclass(frozen=True)
class BuildResult:
    """What a successful build made. `files` lie in the request's destination."""

    checkout: git.Checkout
    platform: str
    version: str
    firmware: str
    firmware_file: str
    env_hash: str
    files: tuple[Collected, ...]
    tags: tuple[str, ...]
    seconds: Mapping[str, float]
    log_truncated: bool = False


@dataclass(frozen=True)
class Selection:
    """The platform of a repository, with its section of thinx.yml."""

    platform: Platform
    settings: thinx_yml.ThinxYml
    reason: str


def run_build(
    request: BuildRequest,
    *,
    on_stage: OnStage,
    on_line: OnLine,
    cancelled: Callable[[], bool] = lambda: False,
) -> BuildResult:
    """Fetch, detect, plan, build in the sandbox, collect.

    `cancelled` is asked several times a second, always from the calling thread.
    Raises BuildUserError, BuildPlatformError or BuildCancelled. Whatever ends it, its folders
    and processes are gone.
    """
    return _Build(request, on_stage, on_line, cancelled).run()


class _Build:
    def __init__(
        self,
        request: BuildRequest,
        on_stage: OnStage,
        on_line: OnLine,
        cancelled: Callable[[], bool],
    ) -> None:
        self.request = request
        self.cancelled = cancelled
        self._on_stage, self._on_line = on_stage, on_line
        access = request.access
        self.redact = Redactor(
            (*request.secrets, request.device.api_key, access.token, access.private_key)
        )
        self.seconds: dict[str, float] = {}
        self._stage = ""
        self._since = time.monotonic()
        self._deadline = self._since + request.limits.seconds

    def run(self) -> BuildResult:
        request = self.request
        self.stage(PREPARING)
        runner = make_runner(request.sandbox)
        with TemporaryDirectory(prefix="thinx-build-", dir=request.workdir) as name:
            folder = Path(name) / "source"
            self.stage(CLONING)
            checkout, refs = self.fetch(folder)
            tree = read_tree(folder)
            selection = select_platform(tree, folder)
            self.redact.add(*selection.settings.secrets)
            self.say(f"Platform: {selection.platform.label} ({selection.reason})")
            toolchain.check_toolchain(selection.platform)
            selection.platform.check_device(selection.settings.options, request.device.platform)
            version = self.version(checkout, refs)
            plan = self.plan(selection, tree, version)
            self.stage(BUILDING)
            outcome = runner.run(
                self.job(plan, folder),
                request.destination,
                on_line=self.line,
                cancelled=self.cancelled,
            )
            check_outcome(outcome, plan)
        self.stage("")
        return BuildResult(
            checkout=replace(checkout, message=self.redact(checkout.message)),
            platform=selection.platform.slug,
            version=version.version,
            firmware=version.firmware,
            firmware_file=plan.firmware,
            env_hash=environment.env_hash(request.variables),
            files=outcome.collected,
            tags=tuple(refs.tags),
            seconds=self.seconds,
            log_truncated=outcome.log_truncated,
        )

    def stage(self, name: str) -> None:
        """Enter a stage; the time of the one before is kept."""
        now = time.monotonic()
        if self._stage:
            self.seconds[self._stage] = round(now - self._since, 3)
        self._stage, self._since = name, now
        if self.cancelled():
            raise BuildCancelled
        if name:
            self._on_stage(name)

    def line(self, stream: str, text: str) -> None:
        self._on_line(stream, self.redact(text))

    def say(self, text: str) -> None:
        self.line(SYSTEM, text)

    def fetch(self, folder: Path) -> tuple[git.Checkout, git.Refs]:
        """Clone, and meanwhile ask for the tags that the version is made of."""
        request = self.request
        self.say(f"Cloning {request.access.url.text}, {request.branch}")
        stop = threading.Event()
        with ThreadPoolExecutor(1, thread_name_prefix="refs") as pool:
            asked = pool.submit(
                git.list_refs, request.access, cancelled=stop.is_set, workdir=request.workdir
            )
            try:
                checkout = git.clone(
                    request.access,
                    request.branch,
                    folder,
                    limits=replace(
                        request.git_limits,
                        seconds=min(request.git_limits.seconds, self.remaining),
                    ),
                    on_line=lambda text: self.line(STDOUT, text),
                    cancelled=self.cancelled,
                    workdir=request.workdir,
                )
                refs = self.wait_for(asked)
            finally:
                stop.set()
        self.say(f"Commit {checkout.commit[:12]} by {checkout.author}: {checkout.message}")
        return checkout, refs

    def wait_for(self, asked: Future[git.Refs]) -> git.Refs:
        """Wait for the tags, open to a cancellation."""
        while True:
            try:
                return asked.result(timeout=0.2)
            except TimeoutError:
                if self.cancelled():
                    raise BuildCancelled from None

    def version(self, checkout: git.Checkout, refs: git.Refs) -> VersionFacts:
        version = f"{refs.base_version}.{self.request.number}"
        name = self.request.access.url.name
        return VersionFacts(checkout.commit, version, f"{name}:{version}")

    def plan(self, selection: Selection, tree: Tree, version: VersionFacts) -> BuildPlan:
        request, platform = self.request, selection.platform
        values = environment.thinx_values(
            request.device,
            request.server,
            version,
            platform=platform.slug,
            language=platform.language,
            url_with_scheme=platform.url_with_scheme,
        )
        context = PlanContext(
            tree=tree,
            environment=environment.merge(values, request.variables),
            options=selection.settings.options,
            target=selection.settings.target,
            limits=request.limits,
        )
        plan = platform.plan(context)
        for notice in plan.notices:
            self.say(notice)
        return plan

    def job(self, plan: BuildPlan, folder: Path) -> SandboxJob:
        return SandboxJob(
            steps=plan.steps,
            source=folder,
            files=plan.files,
            programs=toolchain.program_paths(plan.programs),
            globs=plan.globs,
            environment=plan.environment,
            limits=replace(plan.limits, seconds=self.remaining),
        )

    @property
    def remaining(self) -> float:
        """Return how many seconds of the build's time are left; never quite nothing."""
        return max(0.01, self._deadline - time.monotonic())


def select_platform(tree: Tree, root: Path) -> Selection:
    """Find the platform: the first key of thinx.yml decides, else the names of the files."""
    for name in thinx_yml.NAMES:
        if name in tree:
            data = read_file(root, name, limit=thinx_yml.MAX_SIZE)
            settings = thinx_yml.parse(data or b"", name)
            if settings.platform:
                return Selection(_named(settings.platform), settings, name)
            return _detected(tree, settings)
    return _detected(tree, thinx_yml.ThinxYml())


def _named(slug: str) -> Platform:
    if slug in platforms:
        return platforms.get(slug)
    known = ", ".join(platform.slug for platform in platforms)
    raise BuildUserError(
        "build.user.platform_unknown",
        f"thinx.yml asks for the platform “{slug}”, which this console does not build. It builds: "
        f"{known}.",
    )


def _detected(tree: Tree, settings: thinx_yml.ThinxYml) -> Selection:
    found = [(platform.detect(tree), platform) for platform in platforms]
    sure = [(detection, platform) for detection, platform in found if detection is not None]
    if not sure:
        raise BuildUserError(
            "build.user.platform_unknown",
            "What kind of firmware this is cannot be told from the files. Add a main.py, a boot.py "
            "or an .ino sketch, or a thinx.yml whose first line names the platform.",
        )
    detection, platform = max(sure, key=lambda pair: pair[0].confidence)
    return Selection(platform, settings, detection.reason)


HINTS = {
    "disk": (
        "build.user.disk_full",
        "The build has filled its work folder. Its limit is {disk} MB.",
    ),
    "memory": ("build.user.out_of_memory", "The build needed more memory than {memory} MB."),
    "cpu": ("build.user.cpu_time", "The build used more than {cpu} seconds of processor time."),
}


def check_outcome(outcome: Outcome, plan: BuildPlan) -> None:
    """Raise what the end of the sandbox means; return when it made the firmware."""
    limits = plan.limits
    if outcome.ending == "cancelled":
        raise BuildCancelled
    if outcome.ending == "timeout":
        raise BuildUserError(
            "build.user.timeout",
            f"The build was stopped: it did not end within {limits.seconds:.0f} seconds.",
        )
    if outcome.hint:
        code, sentence = HINTS[outcome.hint]
        mib = 1024 * 1024
        raise BuildUserError(
            code,
            sentence.format(
                disk=limits.disk // mib, memory=limits.memory // mib, cpu=limits.cpu_seconds
            ),
        )
    if outcome.ending == "failed":
        program = Path(outcome.failed_step[0]).name if outcome.failed_step else "the build"
        raise BuildUserError(
            "build.user.compile_failed",
            f"{program} ended with code {outcome.code}. The last lines of the log say why.",
        )
    if outcome.refused:
        raise BuildUserError(
            "build.user.artifact_refused",
            f"What the build left is not taken: {'; '.join(outcome.refused)}.",
        )
    if not any(file.name == plan.firmware for file in outcome.collected):
        raise BuildUserError(
            "build.user.no_artifact", f"The build ended well but made no {plan.firmware}."
        )
