"""The device libraries of THiNX, byte by byte, as far as a server can tell them apart.

Written from what is known of their behaviour, weaknesses included: what a library does not check,
its emulator does not check either. `wire` and `broker` are how they reach the console.
"""
