"""The command: read the settings, run the agent, end on SIGTERM and Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import sys

from thinx_agent.agent import Agent
from thinx_agent.config import load
from thinx_agent.errors import AgentError


def main() -> int:
    """Run the agent; the exit code is 0 after a clean end, 2 for wrong settings."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        agent = Agent(load(sys.argv[1:], os.environ))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.stop())
        return agent.run()
    except AgentError as error:
        logging.getLogger("thinx_agent").error("%s", error)
        return 2


if __name__ == "__main__":
    sys.exit(main())
