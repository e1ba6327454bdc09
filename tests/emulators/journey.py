"""The life of every library with one console, step by step; a step that fails names its library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.emulators.broker import Connection, wait_for
from tests.emulators.esp32 import Esp32
from tests.emulators.esp8266 import Esp8266
from tests.emulators.javascript import JavaScript
from tests.emulators.lua import Lua
from tests.emulators.mongoose import Mongoose
from tests.emulators.python_linux import PythonLinux
from tests.emulators.stage import Firmware, Stage
from tests.emulators.wire import Answer

CONFIGURATION = '{"configuration":{"THINX_ENV_SSID":"workshop","THINX_ENV_PASS":"tightly"}}'
IMAGE = b"\xe9\x03version=1.0.7;" + bytes(range(256)) * 900
PROGRAM = b"-- version=1.0.7;\nprint('caf\xc3\xa9')\n"


class Journey:
    """All six libraries and the operator who watches them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place = stage.place
        self.esp8266 = Esp8266(place, mac="5CCF7F1A2B3C")
        self.esp32 = Esp32(place, mac="5ECF7F102030")
        self.javascript = JavaScript(place, mac="TH:iN:JS:00:00:01")
        self.python = PythonLinux(place, mac="02:00:5e:10:20:30")
        self.lua = Lua(place, mac="5ccf7f0000aa")
        self.mongoose = Mongoose(place, mac="5CCF7F0000BB")
        self.all = (self.esp8266, self.esp32, self.javascript, self.python, self.lua, self.mongoose)
        self.by_mqtt = (self.esp8266, self.esp32, self.python, self.lua)
        self.operator: Connection | None = None

    def go(self) -> None:
        """Live all of it; the first step that is wrong says for which libraries."""
        for step in (
            self.arrive, self.call_again, self.connect, self.be_configured, self.be_updated,
            self.report_what_runs, self.lose_power,
        ):  # fmt: skip
            self._each(step)
        if self.operator is not None:
            self.operator.close()

    def _each(self, step: Callable[[], dict[str, Callable[[], None]]]) -> None:
        failed = {}
        for name, life in step().items():
            try:
                life()
            except Exception as error:  # noqa: BLE001 - told below, beside the others
                failed[name] = f"{type(error).__name__}: {error}"
        assert not failed, f"{step.__name__}: {failed}"

    def _named(self, libraries: tuple[Any, ...], what: Callable[[Any], None]) -> dict[str, Any]:
        return {
            type(library).__name__: (lambda library=library: what(library)) for library in libraries
        }

    # --- HTTP ---------------------------------------------------------------------------------

    def arrive(self) -> dict[str, Callable[[], None]]:
        def register(library: Any) -> None:
            _is_for_small_devices(library.check_in())
            assert len(library.udid) == 36
            assert library.alias
            assert self.stage.device(library.udid)["state"]["checkins"] == 1

        return self._named(self.all, register)

    def call_again(self) -> dict[str, Callable[[], None]]:
        def again(library: Any) -> None:
            udid = library.udid
            if isinstance(library, PythonLinux):
                library.start()
            for _ in range(2):
                _is_for_small_devices(library.check_in())
            assert library.udid == udid
            assert library.owner == self.stage.place.owner
            assert self.stage.device(udid)["state"]["checkins"] == 3

        return self._named(self.all, again)

    # --- MQTT ---------------------------------------------------------------------------------

    def connect(self) -> dict[str, Callable[[], None]]:
        place = self.stage.place
        self.operator = Connection(
            place.mqtt_port, client_id="operator", user=place.owner, password=place.key
        )
        assert self.operator.subscribe(f"/{place.owner}/#")

        def connected(library: Any) -> None:
            connection = library.connect()
            assert connection.is_accepted
            assert set(connection.granted.values()) <= {0, 1, 2}

        def refused() -> None:
            assert not self.javascript.connect().is_accepted
            _is_for_small_devices(self.javascript.check_in())

        def greeted() -> None:
            status = f"{self.esp8266.topic}/status"
            self.operator.heard(status, b'{"registration":{"mac":"5CCF7F1A2B3C"')

        return {
            **self._named(self.by_mqtt, connected),
            "JavaScript": refused,
            "Esp8266, greeting": greeted,
        }

    def be_configured(self) -> dict[str, Callable[[], None]]:
        def configured(library: Any) -> None:
            self.operator.publish(library.topic, CONFIGURATION)

            def heard() -> bool:
                library.loop()
                return CONFIGURATION.encode() in library.seen

            wait_for(heard, "the configuration")
            if isinstance(library, Esp8266):
                assert library.wifi == ("workshop", "tightly")

        return self._named(self.by_mqtt, configured)

    # --- Update -------------------------------------------------------------------------------

    def be_updated(self) -> dict[str, Callable[[], None]]:
        boards, programs = (self.esp8266, self.esp32), (self.python, self.lua)
        self.stage.publish(
            [Firmware(board.udid, "1.0.7", IMAGE) for board in boards]
            + [Firmware(self.python.udid, "1.0.7", PROGRAM, "thinx.py")]
            + [Firmware(self.lua.udid, "1.0.7", PROGRAM, "thinx.lua")]
            + [Firmware(self.javascript.udid, "1.0.7", PROGRAM, "index.js")]
        )

        def board_is_updated(board: Any) -> None:
            udid = board.udid
            for _ in range(2):  # the ESP8266 learns of automatic updates first
                board.check_in()
            assert (board.version, board.flash) == ("1.0.7", IMAGE)
            status = f"/{board.owner}/{udid}/status"
            self.operator.heard(status, b'{ title: "Update Successful"')
            assert self.stage.device(udid)["state"]["offer_state"] == "installed"

        def program_is_updated(library: Any) -> None:
            udid, files = library.udid, library.files
            library.check_in()
            assert library.version == "1.0.7"
            assert set(files.values()) == {PROGRAM}
            assert self.stage.device(udid)["state"]["offer_state"] == "downloaded"

        def is_left_alone() -> None:
            _is_for_small_devices(self.javascript.check_in())
            assert self.javascript.log == []

        return {
            **self._named(boards, board_is_updated),
            **self._named(programs, program_is_updated),
            "JavaScript": is_left_alone,
        }

    def report_what_runs(self) -> dict[str, Callable[[], None]]:
        def reports(library: Any) -> None:
            _is_for_small_devices(library.check_in())
            state = self.stage.device(library.udid)["state"]
            assert (state["version"], state["offer_state"]) == ("1.0.7", "installed")

        def fetches_junk() -> None:
            running = dict(self.lua.files)
            self.lua.flash_by("f" * 64)
            assert self.lua.files == running

        def has_it_already() -> None:
            self.esp8266.ott = "f" * 64
            assert self.esp8266.update() == "Not Found"
            self.esp8266.check_in()
            assert self.stage.device(self.esp8266.udid)["state"]["status"] == "Not Found"

        return {
            **self._named(self.by_mqtt, reports),
            "Lua, wrong token": fetches_junk,
            "Esp8266, wrong token": has_it_already,
        }

    def lose_power(self) -> dict[str, Callable[[], None]]:
        def will_is_told(library: Any) -> None:
            assert library.connect().is_accepted
            self.operator.messages.clear()
            topic = f"{library.topic}/status"
            library.mqtt.vanish()
            self.operator.heard(topic, b'{ "status" : "disconnected" }')

        return self._named(self.by_mqtt, will_is_told)


def _is_for_small_devices(answer: Answer) -> None:
    """Hold one answer against everything that the libraries cannot do without."""
    assert answer.status == 200
    assert answer.is_tls or answer.first == answer.raw, "the answer came in parts"
    assert answer.body.startswith(b'{"registration":{')
    assert answer.body.index(b"}}") == len(answer.body) - 2
    assert len(answer.body) < 500
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Transfer-Encoding") is None
    assert answer.header("Content-Encoding") is None
    assert answer.header("Set-Cookie") is None
