"""What simulated devices are, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """A kind of device: what it is built with and what it talks about."""

    name: str
    platform: str
    firmware: str
    versions: tuple[str, ...]
    vendor: str
    on_battery: bool
    topics: tuple[str, ...]


PERSONAS = (
    Persona(
        "soil-probe",
        "arduino:esp8266",
        "soil-probe",
        ("1.4.2", "1.4.6", "1.5.0"),
        "5C:CF:7F",
        on_battery=True,
        topics=("moisture {moisture:.0f} %", "soil {temperature:.1f} °C"),
    ),
    Persona(
        "air-monitor",
        "arduino:esp32",
        "air-monitor",
        ("2.9.436", "2.9.440"),
        "24:0A:C4",
        on_battery=False,
        topics=("CO2 {co2:.0f} ppm", "{temperature:.1f} °C, {humidity:.0f} %"),
    ),
    Persona(
        "gateway",
        "python",
        "edge-gateway",
        ("0.9.1", "1.0.3"),
        "DC:A6:32",
        on_battery=False,
        topics=("{load:.2f} load, {peers:.0f} peers", "uptime {uptime:.0f} h"),
    ),
    Persona(
        "door",
        "micropython",
        "door-contact",
        ("3.1.0", "3.2.0"),
        "30:AE:A4",
        on_battery=True,
        topics=("closed", "closed", "open"),
    ),
    Persona(
        "meter",
        "platformio:stm32",
        "power-meter",
        ("1.0.12", "1.1.0"),
        "00:80:E1",
        on_battery=False,
        topics=("{power:.0f} W", "{energy:.1f} kWh today"),
    ),
)
PLACES = (
    ("Prague", 50.0755, 14.4378),
    ("Brno", 49.1951, 16.6068),
    ("Vienna", 48.2082, 16.3738),
    ("Berlin", 52.5200, 13.4050),
)
