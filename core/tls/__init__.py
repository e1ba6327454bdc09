"""The certificate this installation shows: its own CA, whose names it covers, reading it anew.

No Django and no settings here: the launcher, the web process and the broker all use it.
"""
