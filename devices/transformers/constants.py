"""Limits of transformers."""

from __future__ import annotations

from datetime import timedelta

APPLY_TASK = "devices.transform"
MAX_CHAIN = 8
MAX_BODY = 20_000
# What one worker takes at a time, and how long it may keep it before another does it again.
BATCH = 200
LEASE = timedelta(seconds=60)
RECENT = 50
# Processor seconds of one *Try*, and of one batch.
TRY_SECONDS = 2.0
BATCH_SECONDS = 20.0
TEMPLATE = """\
// Gets what the device said and the device as an object; returns what people are to read.
// #w marks a warning and #e an error; neither is shown.
function transformer(status, device) {
  return status;
}
"""
