"""The program of the child process: runs scripts of strangers, one fresh context per call.

It imports nothing of the console, holds no secret and no connection, and gives the script no host
object. Three limits stop a script: the engine's own (processor time, memory, stack), the profiling
timer of the kernel where the engine does not look at its clock (turning a thrown object into text
runs the script's `toString`), and the parent, which waits only so long.

A request is four bytes of length, then a marshalled tuple (bodies, jobs, budget, is_careful); a job
is (index of its body, status, device as JSON); without a status the script is only compiled. The
answer is lines of JSON, each a list of [index of the job, kind, text].
"""

from __future__ import annotations

import json
import marshal
import os
import resource
import select
import signal
import sys
import time
from typing import Any, BinaryIO

import quickjs

MEMORY = 8 << 20
STACK = 256 << 10
SECONDS = 0.25
# When the engine itself does not stop a script.
KILL_SECONDS = 1.0
OUTPUT = 10_000
IDLE_SECONDS = 300
FLUSH_SECONDS = 0.05
FLUSH_COUNT = 64
NOBODY = 65_534

FIND = "\n;typeof transformer=='function'?transformer:0"
TEXT = (
    "v=>v instanceof Promise?'a promise':typeof v=='function'||typeof v=='symbol'?'a '+typeof v"
    ":'T'+(typeof v=='object'?JSON.stringify(v):v)"
)
# The careful way keeps what it needs before the script can change it, catches whatever is thrown
# and answers with plain JSON. It costs more, so a script comes here when the plain way fails.
CAREFUL = """
(() => {
  const E = InternalError.prototype, {stringify, parse} = JSON, run = eval, S = String;
  const P = Promise;
  Object.defineProperty(E, 'toString', {value: () => 'stopped'});
  Object.defineProperty(E, Symbol.toPrimitive, {value: undefined});
  Object.freeze(E);
  const said = (kind, text) => stringify([kind, text.length > LIMIT ? text.slice(0, LIMIT) : text]);
  const failed = (e) => {
    let text = 'The script threw something that has no text.';
    try {
      text = e instanceof Error ? S(e.name) + ': ' + S(e.message) + '\\n' + S(e.stack) : S(e);
    } catch { }
    return said('failed', S(text));
  };
  return (body, status, device) => {
    try {
      const f = run(body);
      if (typeof f !== 'function') return said('missing', '');
      if (status === null) return said('text', '');
      const v = f(status, parse(device)), kind = typeof v;
      if (v === undefined || v === null) return said('kept', '');
      if (kind === 'function' || kind === 'symbol') return said('no_text', 'a ' + kind);
      if (v instanceof P) return said('no_text', 'a promise');
      const text = kind === 'object' ? stringify(v) : S(v);
      if (text === undefined) return said('no_text', 'an object without a JSON form');
      return text.length > LIMIT ? said('too_long', S(text.length)) : said('text', text);
    } catch (e) {
      return failed(e);
    }
  };
})()
""".replace("LIMIT", str(OUTPUT))


def main() -> None:
    """Serve requests until there are none for a while, or the parent is gone."""
    harden()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while select.select([requests], [], [], IDLE_SECONDS)[0]:
        head = requests.read(4)
        if len(head) < 4:
            return
        request = requests.read(int.from_bytes(head))
        serve(marshal.loads(request), answers)  # noqa: S302  # the parent's, never a stranger's


def harden() -> None:
    """Give up what a script that breaks out of the engine could use."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(limit, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def serve(request: tuple[Any, ...], answers: BinaryIO) -> None:
    """Run the jobs of one request in their order; answer often enough to show life."""
    bodies, jobs, budget, is_careful = request
    run = run_carefully if is_careful else run_plainly
    said: list[tuple[int, str, str]] = []
    started = time.process_time()
    flushed = time.monotonic()
    for n, (body, status, device) in enumerate(jobs):
        if time.process_time() - started > budget:
            said.append((n, "unrun", ""))
            continue
        signal.setitimer(signal.ITIMER_PROF, KILL_SECONDS)
        said.append((n, *run(bodies[body], status, device)))
        if len(said) >= FLUSH_COUNT or time.monotonic() - flushed > FLUSH_SECONDS:
            _flush(said, answers)
            said, flushed = [], time.monotonic()
    signal.setitimer(signal.ITIMER_PROF, 0)
    _flush(said, answers)


def run_plainly(body: str, status: str | None, device: str) -> tuple[str, str]:
    """Run a script the short way; what comes out oddly is run again the careful way."""
    context = _context()
    try:
        found = context.eval(body + FIND)
        if not isinstance(found, quickjs.Object):
            return "missing", ""
        if status is None:
            return "text", ""
        value = found(status, context.parse_json(device))
        if value is None:
            return "kept", ""
        if not isinstance(value, str):
            value = context.eval(TEXT)(value)
            if value[:1] != "T":
                return "no_text", value[:OUTPUT]
            value = value[1:]
    except quickjs.JSException as error:
        return "failed", str(error)[:OUTPUT]
    except (TypeError, ValueError, OverflowError, SystemError, MemoryError):
        # The binding cannot carry every value: symbols, halves of surrogate pairs, glued strings.
        return run_carefully(body, status, device)
    return ("too_long", str(len(value))) if len(value) > OUTPUT else ("text", value)


def run_carefully(body: str, status: str | None, device: str) -> tuple[str, str]:
    """Run a script so that nothing it does to its own world reaches the answer."""
    context = _context()
    try:
        kind, text = json.loads(context.eval(CAREFUL)(body + FIND, status, device))
    except quickjs.JSException as error:
        return "failed", str(error)[:OUTPUT]
    except (TypeError, ValueError, OverflowError, SystemError, MemoryError):
        return "failed", "The result cannot be read."
    return kind, text


def _context() -> Any:
    context = quickjs.Context()
    context.set_memory_limit(MEMORY)
    context.set_max_stack_size(STACK)
    context.set_time_limit(SECONDS)
    return context


def _flush(said: list[tuple[int, str, str]], answers: BinaryIO) -> None:
    answers.write(json.dumps(said).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
