"""Scripts run in a child process, within limits, and tell nothing but their result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devices.transformers.engine import Engine, EngineUnavailable, Job
from devices.transformers.engine.process import Child, ChildGone

GOOD = "function transformer(status, device) { return status + ' of ' + device.alias; }"
DEVICE = json.dumps({"alias": "probe"})


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    yield made
    made.close()


def run(engine, body, status="ok", device=DEVICE):
    return engine.run([Job(body, status, device)])[0]


def test_script_gets_status_and_device_and_returns_text(engine):
    assert run(engine, GOOD).text == "ok of probe"


@pytest.mark.parametrize(
    "body",
    [
        "var transformer = function (status, device) { return device.alias }",
        "const transformer = (status, device) => device.alias",
        "'use strict'; let transformer = (status, device) => device.alias; // the end",
        "globalThis.transformer = function (status, device) { return device.alias }",
    ],
)
def test_function_may_be_written_in_every_way(engine, body):
    assert run(engine, body).text == "probe"


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        ("1.5", "1.5"),
        ("5", "5"),
        ("1e21", "1e+21"),
        ("0/0", "NaN"),
        ("true", "true"),
        ("10n ** 20n", "100000000000000000000"),
        ("({a: 1, b: [2]})", '{"a":1,"b":[2]}'),
        ("[1, 2]", "[1,2]"),
        ("new Date(0)", '"1970-01-01T00:00:00.000Z"'),
        ("''", ""),
        ("'zo\\u00eb \\ud83d\\ude00'", "zoë 😀"),
        ("'half \\ud800 and \\u0000 nul'", "half ? and  nul"),
    ],
)
def test_what_is_no_text_is_made_text(engine, returned, text):
    found = run(engine, f"function transformer() {{ return {returned} }}")
    assert (found.code, found.text) == ("ok", text)


@pytest.mark.parametrize("returned", ["undefined", "null", ""])
def test_nothing_returned_keeps_the_status(engine, returned):
    found = run(engine, f"function transformer() {{ return {returned} }}")
    assert (found.code, found.text) == ("kept", "ok")


@pytest.mark.parametrize("returned", ["Symbol('x')", "() => 1", "Promise.resolve(1)"])
def test_what_has_no_text_is_refused_in_words(engine, returned):
    found = run(engine, f"function transformer() {{ return {returned} }}")
    assert found.code == "no_text"
    assert found.error.startswith("The script returned a ")


def test_status_is_data_and_never_code(engine):
    status = "'); while(1); // ${1} \\ \" \u2028"
    assert run(engine, "function transformer(s) { return s }", status).text == status


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("var a = 1;\nfunction transformer( {", 2),
        ("var a = 1;\nvar transformer = function () {\n  return a..b\n}", 3),
        ("function transformer() {", 1),
        ("/* open", 1),
    ],
)
def test_syntax_error_says_line_and_column(engine, body, line):
    found = engine.run([Job(body, None)])[0]
    assert found.error.startswith("SyntaxError: ")
    assert found.line == line
    assert 1 <= found.column <= len(body.split("\n")[line - 1]) + 1


def test_compiling_does_not_call_the_function(engine):
    found = engine.run([Job("function transformer() { throw new Error('called') }", None)])[0]
    assert found.is_ok


def test_failure_says_what_and_where(engine):
    found = run(engine, "function transformer() {\n  return nothing.here;\n}")
    assert found.error == "ReferenceError: nothing is not defined"
    assert found.line == 2
    assert found.sentence.startswith("ReferenceError: nothing is not defined (line 2, column ")


@pytest.mark.parametrize("body", ["var x = 1", "var transformer = 1", "// nothing"])
def test_script_without_the_function_is_told_so(engine, body):
    assert run(engine, body).code == "missing"


HOSTILE = {
    "endless loop": ("while(1);", "slow"),
    "loop in finally": ("for(;;){try{while(1);}catch(e){}finally{while(1);}}", "slow"),
    "memory": ("let a=[];while(1)a.push('x'.repeat(1e5)+Math.random())", "failed"),
    "recursion": ("return transformer()+1", "failed"),
    "regex bomb": ("return /(a+)+$/.test('a'.repeat(40)+'b')", "slow"),
    "string of 512 MB": ("return 'x'.repeat(512<<20)", "failed"),
    "array buffers": ("let a=[];while(1)a.push(new ArrayBuffer(1<<20))", "failed"),
    "output of 10 MB": ("return 'x'.repeat(10<<20)", "failed"),
    "output of 2 MB": ("return 'x'.repeat(2<<20)", "too_long"),
    "JSON of 1 MB": ("return {a:'x'.repeat(1<<20)}", "too_long"),
    "endless toJSON": ("return {toJSON(){while(1);}}", "slow"),
    "endless toString, thrown": ("throw {toString(){while(1);}}", "slow"),
    "endless getter": ("return {get a(){while(1);}}", "slow"),
    "endless proxy": ("return new Proxy({},{ownKeys(){while(1);},get(){while(1);}})", "slow"),
    "throwing getter": ("throw {get stack(){throw 1},toString(){throw 2}}", "failed"),
    "throws nothing": ("throw undefined", "failed"),
    "throws a symbol": ("throw Symbol('x')", "failed"),
    "throws 2 MB": ("throw 'x'.repeat(2<<20)", "failed"),
    "circular": ("let a={};a.a=a;return a", "failed"),
    "promise loop": ("function f(){Promise.resolve().then(f)} f(); return 'on'", "ok"),
    "endless async": ("return (async()=>{while(1);})()", "slow"),
    "own toString of errors": (
        "InternalError.prototype.toString=()=>{while(1);};while(1);",
        "slow",
    ),
    "own name of errors": (
        "Object.defineProperty(Error.prototype,'name',{get(){while(1);}});while(1);",
        "slow",
    ),
    "stack trace hook": ("Error.prepareStackTrace=()=>{while(1);};while(1);", "slow"),
    "prototype of everything": ("Object.prototype.toJSON=()=>{while(1);};return {}", "slow"),
    "big array": ("return new Array(1e8).fill(0).sort().length", "failed"),
    "deep JSON": ("return JSON.parse('['.repeat(100000))", "failed"),
    "big integer": ("return (2n**100000000n).toString()", "failed"),
    "waiting": ("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)", "failed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_script_stops_and_neighbours_keep_their_results(engine, name):
    code, outcome = HOSTILE[name]
    hostile = Job(f"function transformer() {{ {code} }}", "ok")
    jobs = [Job(GOOD, f"{n}", DEVICE) for n in range(5)]
    found = engine.run([*jobs[:3], hostile, *jobs[3:]])
    kept = [o.text for n, o in enumerate(found) if n != 3]
    assert kept == [f"{n} of probe" for n in range(5)]
    assert found[3].code == outcome, found[3]
    assert len(found[3].sentence) < 400


@pytest.mark.parametrize(
    "body",
    ["while(1);", "Object.defineProperty(globalThis,'transformer',{get(){while(1);}})", "throw 5"],
)
def test_hostile_text_stops_before_the_function_is_called(engine, body):
    assert run(engine, body).code in {"slow", "failed"}
    assert run(engine, GOOD).text == "ok of probe"


def test_nothing_of_one_call_is_there_in_the_next(engine):
    body = "globalThis.n = (globalThis.n || 0) + 1; function transformer() { return n }"
    assert [o.text for o in engine.run([Job(body, "")] * 3)] == ["1", "1", "1"]


@pytest.mark.parametrize(
    "name", ["process", "require", "console", "fetch", "std", "os", "python", "setTimeout"]
)
def test_script_sees_no_host(engine, name):
    assert run(engine, f"function transformer() {{ return typeof {name} }}").text == "undefined"


def test_module_cannot_be_imported(engine):
    assert run(engine, "function transformer() { return import('os') }").code == "no_text"


def test_poisoned_builtins_harm_only_their_script(engine):
    body = "JSON.parse=JSON.stringify=String=null;Array.prototype.push=null;" + GOOD
    assert run(engine, body).text == "ok of probe"
    assert run(engine, GOOD).text == "ok of probe"


def test_scripts_past_the_budget_are_not_run(engine):
    found = engine.run([Job("function transformer() { while(1); }", "")] * 4, budget=0.3)
    assert found[0].code == "slow"
    assert found[-1].code == "unrun"


def test_killed_child_is_replaced_and_its_work_done_again():
    engine = Engine(children=1)
    try:
        assert run(engine, GOOD).is_ok
        os.kill(engine._idle[0].pid, signal.SIGKILL)
        assert [o.text for o in engine.run([Job(GOOD, "a", DEVICE)] * 3)] == ["a of probe"] * 3
    finally:
        engine.close()


def test_child_that_speaks_nonsense_is_not_believed(monkeypatch, tmp_path):
    program = tmp_path / "liar.py"
    program.write_text('import sys\nsys.stdin.buffer.read(4)\nprint(\'[[7, "text", "x"]]\')\n')
    monkeypatch.setattr("devices.transformers.engine.process.PROGRAM", program)
    child = Child()
    with pytest.raises(ChildGone):
        list(child.run([Job(GOOD, "a")], budget=1))
    child.end()


def test_without_a_free_engine_it_is_said_so(monkeypatch):
    monkeypatch.setattr("devices.transformers.engine.pool.WAIT_SECONDS", 0.01)
    engine = Engine(children=1)
    with engine._turn(), pytest.raises(EngineUnavailable):
        engine.run([Job(GOOD, "a")])


def test_child_ends_with_its_parent():
    code = (
        "import os\n"
        "from devices.transformers.engine.process import Child\n"
        "from devices.transformers.engine.jobs import Job\n"
        "child = Child()\n"
        "list(child.run([Job('function transformer() {}', 'a')], budget=1))\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    status = Path(f"/proc/{int(done.stdout)}/stat")
    for _ in range(600):
        if not status.exists() or status.read_text().rpartition(") ")[2].startswith("Z"):
            return
        signal.sigtimedwait([], 0.1)
    pytest.fail("the child outlived its parent")


def test_child_has_nothing_worth_stealing(engine):
    run(engine, GOOD)
    process = Path(f"/proc/{engine._idle[0].pid}")
    if os.geteuid() == 0:
        assert "Uid:\t65534\t65534\t65534\t65534" in (process / "status").read_text()
    assert "THINX" not in (process / "environ").read_text()


def test_web_process_never_loads_the_engine():
    code = (
        "import django, sys\n"
        "django.setup()\n"
        "import thinx_console.urls, thinx_console.asgi, devices.tasks\n"
        "sys.exit('_quickjs' in sys.modules)\n"
    )
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "thinx_console.settings.test"}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)
