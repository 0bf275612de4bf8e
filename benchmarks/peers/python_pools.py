"""Pools of CPython, measured as README.md says: python_pools.py submit|map|pool1|pool100 WORKERS"""

import sys
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle, islice
from multiprocessing import Pool
from statistics import median
from threading import Semaphore

CHUNK = 100


# Pickle writes an object that it has seen in the same chunk as a reference; real inputs differ.
DIFFERENT_BYTES = 1 << 24


def echo(payload):
    return payload


def inputs_like(payload):
    count = max(1, min(2 * CHUNK, DIFFERENT_BYTES // max(1, len(payload))))
    return cycle([bytes(bytearray(payload)) for _ in range(count)])


class Submit:
    """ProcessPoolExecutor, a future a job."""

    def __init__(self, workers):
        self.executor = ProcessPoolExecutor(workers)

    def call(self, payload):
        self.executor.submit(echo, payload).result()

    def run(self, payload, in_flight, deadline):
        unfinished = deque()
        jobs = 0
        while time.perf_counter() < deadline:
            while len(unfinished) < in_flight:
                unfinished.append(self.executor.submit(echo, payload))
                jobs += 1
            for _ in range(max(1, in_flight // 8)):
                unfinished.popleft().result()
        for future in unfinished:
            future.result()
        return jobs

    def close(self):
        self.executor.shutdown()


class Map(Submit):
    """ProcessPoolExecutor.map in chunks, all of a batch at once."""

    def run(self, payload, in_flight, deadline):
        batch = list(islice(inputs_like(payload), in_flight if in_flight < CHUNK else max(in_flight, 40 * CHUNK)))
        jobs = 0
        while time.perf_counter() < deadline:
            jobs += sum(1 for _ in self.executor.map(echo, batch, chunksize=min(CHUNK, in_flight // 2)))
        return jobs


class Multiprocessing:
    """multiprocessing.Pool, results as they come."""

    def __init__(self, workers, chunk):
        self.pool = Pool(workers)
        self.chunk = chunk

    def call(self, payload):
        self.pool.apply(echo, (payload,))

    def run(self, payload, in_flight, deadline):
        chunk = min(self.chunk, in_flight // 2)
        room = Semaphore(in_flight)

        def inputs():
            for different in inputs_like(payload):
                if time.perf_counter() >= deadline:
                    return
                room.acquire()
                yield different

        jobs = 0
        for _ in self.pool.imap_unordered(echo, inputs(), chunk):
            jobs += 1
            room.release()
        return jobs

    def close(self):
        self.pool.close()
        self.pool.join()


KINDS = {
    "submit": Submit,
    "map": Map,
    "pool1": lambda workers: Multiprocessing(workers, 1),
    "pool100": lambda workers: Multiprocessing(workers, CHUNK),
}


def run(pool, payload, in_flight, millis):
    start = time.perf_counter()
    jobs = pool.run(payload, in_flight, start + millis / 1000)
    return f"{jobs} {time.perf_counter() - start}"


def calls(pool, payload, millis):
    times = []
    start = before = time.perf_counter()
    while before - start < millis / 1000:
        pool.call(payload)
        after = time.perf_counter()
        times.append((after - before) * 1e6)
        before = after
    return str(median(times))


def main():
    pool = KINDS[sys.argv[1]](int(sys.argv[2]))
    pool.call(b"")
    print("ready", flush=True)
    for line in sys.stdin:
        order, size, *numbers = line.split()
        payload = bytes(int(size))
        answer = run if order == "run" else calls
        print(answer(pool, payload, *map(int, numbers)), flush=True)
    pool.close()


if __name__ == "__main__":
    main()
