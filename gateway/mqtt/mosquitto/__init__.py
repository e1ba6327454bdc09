"""Mosquitto as the broker: its password and ACL files are written from the database.

`files` says what is in them, `writer` keeps them so and has Mosquitto read them, `waiting` lets a
registration be answered when its device may sign in.
"""
