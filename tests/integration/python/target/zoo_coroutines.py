"""Coroutines, asynchronous generators and asyncio's C types, from 3.6 on."""

import asyncio
import types


async def coroutine(value):
    held = [value]
    await Pause()
    return held


class Pause:
    def __await__(self):
        yield self


async def agen(limit):
    for i in range(limit):
        yield [i]


@types.coroutine
def generator_based():
    yield [1]


def started(coro):
    coro.send(None)
    return coro


def suspended():
    first = agen(3)
    step = first.asend(None)
    try:
        step.send(None)
    except StopIteration:
        pass
    return first


def futures(loop):
    plain = loop.create_future()
    called = loop.create_future()
    called.add_done_callback(print)
    called.add_done_callback(len)
    done = loop.create_future()
    done.set_result([1])
    failed = loop.create_future()
    failed.set_exception(ValueError("failed"))
    failed.exception()
    cancelled = loop.create_future()
    cancelled.cancel()
    return [plain, called, done, failed, cancelled, iter(plain)]


def tasks(loop):
    waiting = loop.create_task(wait_for(loop.create_future()))
    finished = loop.create_task(immediate())
    loop.run_until_complete(finished)
    pending = loop.create_task(immediate())
    return [pending, waiting, finished]


async def wait_for(future):
    return await future


async def immediate():
    return [2]


def build(samples):
    loop = asyncio.new_event_loop()
    fresh = coroutine(1)
    halfway = started(coroutine(2))
    walked = suspended()
    made = [fresh, halfway, fresh.__await__(), walked, agen(1), agen(1).asend(None), agen(1).athrow(ValueError),
            agen(2).aclose(), started(generator_based()), generator_based()]
    samples.extend([fresh, walked])
    asynchronous = [asyncio.Lock(), asyncio.Event(), asyncio.Queue()] if hasattr(asyncio, "run") else []
    return [loop, made, futures(loop), tasks(loop), asynchronous]
