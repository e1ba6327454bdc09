#!/usr/bin/env python
"""Django's command line for this project."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run one management command with the settings THINX_SETTINGS names (default: base)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
