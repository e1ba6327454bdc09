"""Rollouts: new firmware for many devices, wave by wave, stopped when it goes wrong."""
