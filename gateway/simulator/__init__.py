"""Believable devices in one process: up to 20,000 that register, check in, and take updates.

`Simulation` is all that others use, with `Failures` for what goes wrong. `devices` is what a
device is and says, `living` what it does, `updates` what it does with firmware, `web` and `mqtt`
are its two ways to the console. Nothing here knows Django: to the console these devices are as
foreign as real ones.
"""

from __future__ import annotations

from gateway.simulator.devices import SimulatedDevice, State
from gateway.simulator.failures import Failures, Mode
from gateway.simulator.personas import PERSONAS
from gateway.simulator.simulation import Simulation

__all__ = ["PERSONAS", "Failures", "Mode", "SimulatedDevice", "Simulation", "State"]
