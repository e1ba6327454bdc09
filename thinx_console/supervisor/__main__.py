"""`python -m thinx_console.supervisor`: start the console and stay until it ends."""

from __future__ import annotations

import sys

from thinx_console.supervisor.launcher import main

if __name__ == "__main__":
    sys.exit(main())
