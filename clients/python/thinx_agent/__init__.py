"""A device agent for THiNX Console: registers, checks in, takes signed firmware safely."""

__version__ = "0.1.0"
