"""Calls that are worked on together."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.db import OperationalError

from core import grouping
from core.grouping import Full, Grouped


@pytest.fixture
def grouped():
    made = []

    def make(work):
        made.append(Grouped(work, name="calls"))
        return made[-1]

    yield make
    for one in made:
        one.close()


async def test_what_waits_meanwhile_is_worked_on_together(grouped):
    go, batches = threading.Event(), []

    def work(asked):
        batches.append(list(asked))
        assert go.wait(60)
        return [number * 2 for number in asked]

    calls = grouped(work)
    waiting = [asyncio.ensure_future(calls.submit(number)) for number in range(50)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [number * 2 for number in range(50)]
    assert [number for batch in batches for number in batch] == list(range(50))
    assert len(batches) <= 3


async def test_one_bad_call_spoils_no_other(grouped):
    def work(asked):
        return [10 // number for number in asked]

    calls = grouped(work)
    answers = await asyncio.gather(
        *(calls.submit(number) for number in (1, 0, 5)), return_exceptions=True
    )
    assert (answers[0], answers[2]) == (10, 2)
    assert isinstance(answers[1], ZeroDivisionError)


async def test_without_a_database_nobody_is_tried_again(grouped):
    tried = []

    def work(asked):
        tried.extend(asked)
        raise OperationalError("away")

    calls = grouped(work)
    answers = await asyncio.gather(*map(calls.submit, range(9)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {OperationalError}
    assert sorted(tried) == list(range(9))


async def test_queue_is_bounded_and_closed_for_good(grouped, monkeypatch):
    monkeypatch.setattr(grouping, "LONGEST_QUEUE", 0)
    with pytest.raises(Full):
        await grouped(list).submit(1)
    monkeypatch.undo()
    calls = grouped(list)
    assert await calls.submit(1) == 1
    calls.close()
    with pytest.raises(Full):
        await calls.submit(2)


async def test_nobody_is_forgotten_between_work_and_rest(grouped):
    calls = grouped(list)
    for number in range(500):
        at_once = (number + more for more in range(1 + number % 3))
        await asyncio.wait_for(asyncio.gather(*map(calls.submit, at_once)), 60)
        if number % 7 == 0:
            await asyncio.sleep(0.001)
