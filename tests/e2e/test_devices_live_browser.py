"""What an operator looks at all day, by clicking: live figures, messages, history, transformers."""

from __future__ import annotations

import json
from contextlib import closing
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.emulators.broker import Connection, wait_for
from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import private_console
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL = "ada@example.org"
SCRIPT = """function transformer(status) {
const volts = Number(status.split(" ")[0]);
return volts < 3.2 ? volts + " V #e" : volts + " V";
"""


@pytest.fixture(scope="module")
def console():
    credentials = {"THINX_BOOTSTRAP_EMAIL": EMAIL, "THINX_BOOTSTRAP_PASSWORD": PASSWORD}
    with private_console(**credentials) as running:
        yield running


@pytest.fixture(scope="module")
def rest(console):
    return console.rest(EMAIL)


class Sensor:
    """A device of Ada's, which calls over HTTP and MQTT."""

    def __init__(self, console, rest):
        self.console = console
        made = json.loads(
            console.manage("create_api_key", "--email", EMAIL, "--alias", "more", "--json")
        )
        self.owner = made["owner_id"]
        self.key = rest.post("api-keys/", alias="sensors", kind="device")["key"]
        self.mac = "5C:CF:7F:01:23:45"
        self.udid = self.call(status="3.9 volts")["udid"]

    def call(self, **said):
        return self.call_as(self.mac, **said)

    def call_as(self, mac, **said):
        said = {"mac": mac, "owner": self.owner, "alias": "Sensor", "platform": "python", **said}
        request = Request(
            f"{self.console.url}/device/register",
            json.dumps({"registration": said}).encode(),
            {"Content-Type": "application/json", "Authentication": self.key},
        )
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)["registration"]

    @property
    def topic(self):
        return f"/{self.owner}/{self.udid}"

    def connect(self):
        port = int(self.console.env["THINX_MQTT_PORT"])
        return Connection(port, client_id=self.udid, user=self.udid, password=self.key)


@pytest.fixture(scope="module")
def sensor(console, rest):
    return Sensor(console, rest)


@pytest.fixture
def ada(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada:
        sign_in(ada, console.url, EMAIL)
        yield ada
        assert ada.complaints == []


def live(ada):
    expect(ada.page.locator("[data-live-dot]")).to_have_attribute("data-state", "connected")


def write(page, text):
    """Type into the editor as a person does; what it completes by itself would be doubled."""
    page.locator(".CodeMirror").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_a_transformer_is_written_tried_mended_saved_and_restored(ada, console, sensor):
    page = ada.page
    page.goto(f"{console.url}/transformers/add/")
    page.fill("[name=alias]", "Volts")
    write(page, SCRIPT)
    page.fill("[name=samples]", "3.9 volts\n2.8 volts")
    ada.press("Try")
    expect(page.locator(".CodeMirror .code-error-line").first).to_be_visible()
    refused = [said for said in ada.complaints if "422" in said]
    assert refused == ada.complaints  # the browser notes the refusal of a script with a fault
    ada.complaints.clear()
    write(page, SCRIPT + "}")
    ada.press("Try")
    tried = page.locator("#tried tbody tr")
    expect(tried).to_have_count(2)
    expect(tried.nth(1)).to_contain_text("2.8 V")
    expect(tried.nth(1)).to_contain_text("Error")
    ada.picture("tried")
    ada.press("Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("Volts")
    ada.press("Edit and try")
    write(page, SCRIPT.replace("3.2", "3.5") + "}")
    page.fill("[name=note]", "warn earlier")
    ada.press("Save")
    expect(page.locator("main")).to_contain_text("version 2")
    ada.press("Versions")
    expect(page.locator("main")).to_contain_text("warn earlier")
    ada.picture("versions")


def test_history_is_drawn_and_can_be_read(ada, console, sensor):
    for n in range(6):
        sensor.call(status=f"3.{n} volts", rssi=f"-{60 + n} dBm")
    page = ada.page
    page.goto(f"{console.url}/devices/{sensor.udid}/history/")
    chart = page.locator("figure[data-chart] canvas").first
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".chart-table summary").first.click()
    expect(page.locator(".chart-table tbody tr").first).to_be_visible()
    ada.picture("history")
    page.get_by_role("navigation", name="Time range").get_by_role("link").nth(1).click()
    expect(page.locator("figure[data-chart] canvas").first).to_be_visible()
    assert ada.overflows() <= 0


def test_a_renewed_page_stays_as_its_reader_left_it(ada, console, sensor):
    page, answers = ada.page, []
    page.goto(f"{console.url}/devices/{sensor.udid}/history/")
    live(ada)
    page.locator(".chart-table summary").first.click()
    rows = page.locator(".chart-table").first.locator("tbody tr")
    expect(rows.first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.route(lambda url: url.endswith("/history/"), lambda route: answers.append(route))
    sensor.call(status="3.8 volts")
    wait_until(lambda: page.evaluate("1") and answers)
    page.get_by_role("button", name="More actions").click()
    menu = page.locator(".menu:popover-open")
    expect(menu).to_be_visible()
    mark = page.locator("#object-main")
    mark.evaluate("element => { element.dataset.old = 1 }")
    with page.expect_response(lambda answer: answer.url.endswith("/history/")):
        answers[0].continue_()
    expect(menu).to_be_visible()
    page.unroute_all()
    page.keyboard.press("Escape")
    expect(mark).not_to_have_attribute("data-old", "1")
    expect(rows.first).to_be_visible()


def test_keyboard_goes_on_where_it_was_when_a_list_is_renewed(ada, console, sensor):
    page = ada.page
    page.goto(f"{console.url}/devices/?columns=health,firmware,platform,mac,uid,created_at")
    row = page.locator(f'[data-row][data-uid="{sensor.udid}"]')
    box, name = row.get_by_role("checkbox"), row.locator(".cell-name")
    page.set_viewport_size({"width": 700, "height": 900})
    across = page.locator(".table-scroll")
    box.focus()
    page.keyboard.press("Space")
    across.evaluate("element => { element.scrollLeft = 60 }")
    sensor.call(status="kept where it was")
    # What the live connection does when it hears of a change; here at a known moment.
    page.locator("[data-live^='org.']").first.dispatch_event("live:refresh")
    expect(row).to_contain_text("kept where it was")
    expect(box).to_be_focused()
    expect(box).to_be_checked()
    expect(across).to_have_js_property("scrollLeft", 60)
    page.keyboard.press("Tab")
    expect(name).to_be_focused()
    header = page.locator("thead").get_by_role("link", name="Status")
    header.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=**")
    expect(header).to_be_focused()


def test_messages_appear_by_themselves_and_the_device_gets_what_is_published(ada, console, sensor):
    page = ada.page
    page.goto(f"{console.url}/devices/{sensor.udid}/messages/")
    live(ada)
    with closing(sensor.connect()) as device:
        wait_for(lambda: device.code is not None, "the broker's answer")
        device.subscribe(sensor.topic)
        device.publish(f"{sensor.topic}/status", '{"status": "said over MQTT"}')
        expect(page.locator("main table")).to_contain_text("said over MQTT")
        ada.picture("messages")
        ada.press("Publish a message")
        page.fill("[name=payload]", '{"blink": 3}')
        page.get_by_role("button", name="Publish").last.click()
        wait_for(
            lambda: any(b"blink" in payload for _, payload in device.messages),
            "what was published",
        )
    expect(page.locator("main table")).to_contain_text("blink")


def test_dashboard_moves_says_when_it_is_cut_off_and_catches_up(ada, console, sensor):
    page = ada.page
    sockets, let_through = [], [True]

    def carry(socket):
        sockets.append(socket)
        if let_through[0]:
            socket.connect_to_server()
        else:
            socket.close()

    page.route_web_socket("**/ws/**", carry)
    page.goto(f"{console.url}/")
    live(ada)
    shown = page.locator(".tiles, [data-tiles], main").first
    before = shown.inner_text()
    sensor.call_as("5C:CF:7F:01:23:46", alias="Newcomer", status="hello")
    expect(page.locator("main")).to_contain_text("Newcomer")
    assert shown.inner_text() != before
    let_through[0] = False
    sockets[-1].close()
    banner = page.locator("[data-live-banner]")
    expect(banner).to_be_visible(timeout=15_000)
    ada.picture("cut-off")
    sensor.call_as("5C:CF:7F:01:23:47", alias="Meanwhile", status="hello")
    let_through[0] = True
    expect(banner).to_be_hidden(timeout=40_000)
    expect(page.locator("main")).to_contain_text("Meanwhile")
    live(ada)
