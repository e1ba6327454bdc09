"""Names and limits of configuration pushes."""

from __future__ import annotations

from datetime import timedelta

EXPIRE_TASK = "fleet.expire"
COUNT_TASK = "fleet.count"

# The ESP libraries copy a whole message into 512 bytes, without looking.
MAX_MESSAGE_BYTES = 499
MAX_VARIABLES = 16
MAX_VALUE = 200
MAX_WORDS = 200
# What was not fetched by then is news of last week.
LIFETIME = timedelta(days=7)
# An answer that is on its way is not sent again; one that nobody acknowledged by then is.
IN_FLIGHT = timedelta(seconds=10)
# The ESP8266 library reads both without looking whether they are there.
WIFI = ("THINX_ENV_SSID", "THINX_ENV_PASS")
