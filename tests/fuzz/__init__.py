"""Fuzzing of what devices send. `targets` says what must hold, `run` lets atheris look for more.

    python -m tests.fuzz.run registration -max_total_time=600 tests/fuzz/corpus/registration

What it finds is written to the folder of the corpus that is named first; keep what is a bug.
"""
