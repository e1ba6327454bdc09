"""The AVR boards of Debian's arduino-core-avr, and the processor of each."""

from __future__ import annotations

# board: processors by the name of the `cpu` variant; "" is a board without variants, and the
# first one is the default.
BOARDS: dict[str, dict[str, str]] = {
    "uno": {"": "atmega328p"},
    "unomini": {"": "atmega328p"},
    "unowifi": {"": "atmega328p"},
    "nano": {"atmega328": "atmega328p", "atmega328old": "atmega328p", "atmega168": "atmega168"},
    "mega": {"atmega2560": "atmega2560", "atmega1280": "atmega1280"},
    "megaADK": {"": "atmega2560"},
    "leonardo": {"": "atmega32u4"},
    "leonardoeth": {"": "atmega32u4"},
    "micro": {"": "atmega32u4"},
    "esplora": {"": "atmega32u4"},
    "mini": {"atmega328": "atmega328p", "atmega168": "atmega168"},
    "ethernet": {"": "atmega328p"},
    "fio": {"": "atmega328p"},
    "pro": {
        "16MHzatmega328": "atmega328p",
        "8MHzatmega328": "atmega328p",
        "16MHzatmega168": "atmega168",
        "8MHzatmega168": "atmega168",
    },
    "diecimila": {"atmega328": "atmega328p", "atmega168": "atmega168"},
    "yun": {"": "atmega32u4"},
}
BUNDLED_LIBRARIES = ("EEPROM", "HID", "SoftwareSerial", "SPI", "Wire")
