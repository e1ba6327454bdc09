"""Run the agent from a checkout: `python3 clients/python/agent.py --help`."""

from __future__ import annotations

import sys

from thinx_agent.__main__ import main

sys.exit(main())
