"""Reports as hypothesis draws them: every field of the protocol, in every form devices found."""

from __future__ import annotations

from hypothesis import strategies as st

# What a library, a bug or a stranger puts where a text or a number should be.
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
STATUS = st.one_of(
    st.sampled_from(["ok", "hot #e", "#w", "battery 3.1 V #W", "", "x" * 500, "#e #w"]),
    st.text(max_size=500),
    JUNK,
)
MACS = st.sampled_from(
    ["5CCF7F1A2B3C", "02:00:5e:10:20:30", "5ecf7f102030", "00:00:00:00:00:00", "SIGFOX4d2f",
     " esp32_a1b2c3", "TH:iN:JS:01:02", "", "0", "undefined"]
)  # fmt: skip
UDIDS = st.sampled_from(["0", "", "stale", "7a3d2f10-0000-11ee-8000-5ccf7f012345", "0" * 36])
FIELDS = {
    "alias": st.one_of(st.sampled_from(["pump", "unnamed", "null", "}}", '"notification"']), JUNK),
    "firmware": st.one_of(st.sampled_from(["x:1.0.0", "x:2.0.0:2024-01-01"]), JUNK),
    "version": st.one_of(st.sampled_from(["1.0.0", "1.0", "2"]), JUNK),
    "commit": st.one_of(st.just("c" * 40), JUNK),
    "checksum": st.one_of(st.just("f" * 32), JUNK),
    "platform": st.one_of(st.sampled_from(["python", "Arduino:ESP8266", "sigfox"]), JUNK),
    "status": STATUS,
    "push": st.one_of(st.sampled_from(["a" * 64, "fcm:x-Y_1", "<b>", ""]), JUNK),
    "lat": st.one_of(st.sampled_from(["0.0", "50.08", 14.4, 91, "1e400"]), JUNK),
    "lon": st.one_of(st.sampled_from(["0.0", "14.4", -180, 181]), JUNK),
    "rssi": st.one_of(st.sampled_from(["-60", -71]), JUNK),
    "snr": st.one_of(st.sampled_from(["9.5", 7]), JUNK),
    "station": st.one_of(st.just("A1"), JUNK),
    "fcid": st.one_of(st.sampled_from(["00ab", ""]), JUNK),
    "env_hash": st.one_of(st.sampled_from(["e1", "cafebabe"]), JUNK),
    "timezone_abbr": st.one_of(st.sampled_from(["UTC", "Europe/Prague", "CEST", ""]), JUNK),
    "timezone_offset": st.one_of(st.sampled_from([0, 2, "1.5", -99]), JUNK),
}
REPORTS = st.fixed_dictionaries({}, optional=FIELDS)
REGISTRATIONS = st.fixed_dictionaries(
    {},
    optional={
        **FIELDS,
        "mac": st.one_of(MACS, JUNK),
        "udid": st.one_of(UDIDS, JUNK),
        "ack": st.one_of(st.sampled_from(["true", "false", 1]), JUNK),
    },
)
