"""MicroPython starts this after boot.py."""

import soil

soil.main()
