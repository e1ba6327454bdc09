"""The bridge: what the console itself hears and says over MQTT.

`intake` gathers what was heard, `handling` makes rows of it, a batch at a time, `registering` lets
the services answer a registration. Two things hear: the console's own broker, in its own process,
where it also knows which key spoke; and `link`, a client of another broker.
"""
