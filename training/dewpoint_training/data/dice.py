"""Single random draws. Python's generator, not numpy's: a scene throws some eighty dice, and numpy takes two microseconds for each."""

from __future__ import annotations

import random


class Dice(random.Random):
    def chance(self, p: float) -> bool:
        return self.random() < p

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def sign(self) -> int:
        return 1 if self.random() < 0.5 else -1

    def one(self, options):
        return options[int(self.random() * len(options))]

    def weighted(self, options, weights):
        return self.choices(options, weights)[0]
