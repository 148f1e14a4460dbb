"""Scenes as arrays of a fixed shape, which processes make by the thousand and the renderer and trainer read.

Everything random about a picture is in its plan; painting it is a function (compose.py). `plan_stream` runs one process a core, each of which fills a slot of
shared memory; nothing is pickled and batches come in the order of their numbers, so a seed gives the same stream whatever the number of processes.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import ClassVar

import numpy as np

from ..model.tokenizer import TOKENS, build_tokenizer
from .concepts import all_concepts
from .looks import BACKGROUNDS, LIGHTS, SETS, STYLES
from .scenes import THINGS, Scene, SceneGenerator
from .sprites import HUES


@dataclass
class PlanBatch:
    """B scenes of K = 6 placements in the order they are painted, T = 32 tokens. Lengths in px of a 256 px picture."""

    ids: np.ndarray  # int32 [B, T]
    style: np.ndarray  # int8 [B], index in STYLES
    light: np.ndarray  # int8 [B], index in LIGHTS, 0 = none
    background: np.ndarray  # int16 [B], index in BACKGROUNDS
    background_seed: np.ndarray  # int32 [B]
    sprite: np.ndarray  # int32 [B, K], concept * 3 + set, -1 = no placement
    box: np.ndarray  # float32 [B, K, 4]: centre x, centre y, side, angle (radians, clockwise)
    mirror: np.ndarray  # bool [B, K]
    hue: np.ndarray  # float32 [B, K], degrees, -1 = as the icon is
    shadow: np.ndarray  # bool [B, K]
    tokens: np.ndarray  # uint32 [B, K], bit i: token i names this placement

    SHAPES: ClassVar = dict(
        ids=(np.int32, (TOKENS,)),
        style=(np.int8, ()),
        light=(np.int8, ()),
        background=(np.int16, ()),
        background_seed=(np.int32, ()),
        sprite=(np.int32, (THINGS,)),
        box=(np.float32, (THINGS, 4)),
        mirror=(np.bool_, (THINGS,)),
        hue=(np.float32, (THINGS,)),
        shadow=(np.bool_, (THINGS,)),
        tokens=(np.uint32, (THINGS,)),
    )

    @classmethod
    def empty(cls, n: int) -> PlanBatch:
        batch = cls(**{name: np.zeros((n, *shape), dtype) for name, (dtype, shape) in cls.SHAPES.items()})
        batch.sprite.fill(-1)
        batch.hue.fill(-1)
        return batch

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows) -> PlanBatch:
        return PlanBatch(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def arrays(self) -> dict[str, np.ndarray]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def save(self, path) -> None:
        np.savez_compressed(path, **self.arrays())

    @classmethod
    def load(cls, path) -> PlanBatch:
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in cls.SHAPES})

    def to(self, device) -> dict:
        """Tensors of the same names; int64 where torch wants to index, and for the 32 bits of `tokens`, which it has no unsigned type for."""
        import torch

        wide = ("ids", "style", "light", "background", "sprite", "tokens")
        return {name: torch.from_numpy(a.astype(np.int64) if name in wide else a).to(device, non_blocking=True) for name, a in self.arrays().items()}


@lru_cache
def _index() -> dict[str, int]:
    return {c.label: i for i, c in enumerate(all_concepts())}


@lru_cache(4)
def _generator(held: bool) -> SceneGenerator:
    return SceneGenerator(held)


@lru_cache
def default_tokenizer():
    return build_tokenizer()


def scene_of(seed: int, k: int = 0, stage: float = 1.0, held: bool = False, composition: str | None = None) -> Scene:
    """Scene k of a seed, the very one `make_plans(seed, …)` has in row k."""
    return _generator(held).scene(seed, k, stage, composition)


def to_plan(scenes: list[Scene], tokenizer=None) -> PlanBatch:
    tokenizer = tokenizer or default_tokenizer()
    batch = PlanBatch.empty(len(scenes))
    index = _index()
    for row, (scene, encoding) in enumerate(zip(scenes, tokenizer.encode_batch([s.caption for s in scenes]))):
        batch.ids[row] = encoding.ids
        batch.style[row] = STYLES.index(scene.style)
        batch.light[row] = LIGHTS.index(scene.light)
        batch.background[row] = BACKGROUNDS.index(scene.background)
        batch.background_seed[row] = scene.background_seed
        bits = token_bits(scene, encoding)
        for i, p in enumerate(scene.placements):
            batch.sprite[row, i] = index[p.label] * len(SETS) + scene.set
            batch.box[row, i] = p.x, p.y, p.size, p.angle
            batch.mirror[row, i] = p.mirror
            batch.hue[row, i] = HUES[p.color] if p.color else -1
            batch.shadow[row, i] = p.shadow
            batch.tokens[row, i] = bits.get(p.thing, 0)
    return batch


def token_bits(scene: Scene, encoding) -> dict[int, int]:
    """{thing: its tokens as bits}"""
    bits: dict[int, int] = {}
    if not scene.named:
        return bits
    for i, (start, end) in enumerate(encoding.offsets):
        if end > start:
            for first, last, thing in scene.named:
                if start < last and end > first:
                    bits[thing] = bits.get(thing, 0) | 1 << i
    return bits


def make_plans(seed: int, n: int, stage: float = 1.0, held: bool = False, tokenizer=None, first: int = 0) -> PlanBatch:
    """Rows first … first + n - 1 of a seed."""
    return to_plan([scene_of(seed, k, stage, held) for k in range(first, first + n)], tokenizer)


# --- many at once -----------------------------------------------------------------------------------------------------------------------------
SLOTS = 2  # batches a process may be ahead


def _views(memory, batch: int) -> list[PlanBatch]:
    """The slots of a process, as arrays on its shared memory."""
    plans, offset = [], 0
    for _ in range(SLOTS):
        arrays = {}
        for name, (dtype, shape) in PlanBatch.SHAPES.items():
            count = batch * int(np.prod(shape))
            arrays[name] = np.frombuffer(memory, dtype, count, offset).reshape(batch, *shape)
            offset += -(-count * np.dtype(dtype).itemsize // 64) * 64
        plans.append(PlanBatch(**arrays))
    return plans


def _slot_bytes(batch: int) -> int:
    return sum(-(-batch * int(np.prod(shape)) * np.dtype(dtype).itemsize // 64) * 64 for dtype, shape in PlanBatch.SHAPES.values())


def _work(memory, batch: int, seed: int, first: int, step: int, stage, held: bool, free, ready, ended) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trainer's: it ends this process by `ended`
    slots, parent, number = _views(memory, batch), os.getppid(), first
    while not ended.is_set():
        if not free.acquire(timeout=5):
            if os.getppid() != parent:  # killed without a goodbye
                return
            continue
        if ended.is_set():
            return
        made = make_plans(seed, batch, float(stage.value if hasattr(stage, "value") else stage), held, first=number * batch)
        slot = slots[(number - first) // step % SLOTS]
        for name, array in made.arrays().items():
            getattr(slot, name)[:] = array
        ready.release()
        number += step


def plan_stream(workers: int, seed: int, batch: int, stage=1.0, held: bool = False, start_method: str = "spawn"):
    """Batches 0, 1, 2, … of a seed, without end, made ahead by `workers` processes. `stage`: a number, or a multiprocessing.Value that the trainer turns up.

    Close the iterator (`.close()`, or let it go out of scope) to end the processes. A process that died raises here, with its exit code.
    """
    context = multiprocessing.get_context(start_method)
    ended = context.Event()
    crew = []
    for first in range(workers):
        memory = context.RawArray("B", _slot_bytes(batch) * SLOTS)
        free, ready = context.Semaphore(SLOTS), context.Semaphore(0)
        process = context.Process(target=_work, args=(memory, batch, seed, first, workers, stage, held, free, ready, ended), daemon=True)
        process.start()
        crew.append((process, _views(memory, batch), free, ready))
    try:
        for number in itertools.count():
            process, slots, free, ready = crew[number % workers]
            while not ready.acquire(timeout=1):
                if not process.is_alive():
                    raise RuntimeError(f"a process that makes plans ended with exit code {process.exitcode}")
            slot = slots[number // workers % SLOTS]
            made = PlanBatch(**{name: array.copy() for name, array in slot.arrays().items()})
            free.release()
            yield made
    finally:
        ended.set()
        for _, _, free, _ in crew:
            free.release()
        for process, *_ in crew:
            process.join(10)
            if process.is_alive():
                process.terminate()
