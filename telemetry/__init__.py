"""The history of devices (check-ins, signal, statuses) and counters, in tables of their own."""
