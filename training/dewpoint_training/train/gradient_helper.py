"""A second, single-threaded process that computes gradients beside the trainer and never makes it wait.

On a shared machine two threads of one process run at the speed of the more disturbed core: every kernel ends in a barrier. Two processes do not. The
helper copies the newest weights, takes its own batch, and leaves the gradient in shared memory; the trainer adds whatever has arrived to its own.
A gradient is at most one step old when both run freely.
"""
from __future__ import annotations

import os
import signal

import torch
from torch import Tensor
from torch import multiprocessing as mp


class GradientHelper:
    def __init__(self, parameters: list[Tensor]):
        size = sum(p.numel() for p in parameters)
        self.parameters = parameters
        self.weights = torch.zeros(size).share_memory_()
        self.gradient = torch.zeros(size).share_memory_()
        self.full = torch.zeros(1, dtype=torch.int64).share_memory_()  # samples in `gradient`; 0: free to write
        self.loss = torch.zeros(1).share_memory_()
        self.process = None

    def publish(self) -> None:
        torch.cat([p.detach().reshape(-1) for p in self.parameters], out=self.weights)

    def take(self) -> tuple[int, float]:
        """Adds the waiting gradient sum to the parameters' own and returns (samples, loss sum); (0, 0) when none waits."""
        n = int(self.full)
        if n == 0:
            return 0, 0.0
        at = 0
        for p in self.parameters:
            p.grad.add_(self.gradient[at : at + p.numel()].view_as(p))
            at += p.numel()
        loss = float(self.loss)
        self.full.zero_()
        return n, loss

    def start(self, compute, idle) -> None:
        """compute() → (samples, loss sum) after filling `.grad` with the gradient of the summed loss; idle() is called between batches."""
        self.process = mp.get_context("fork").Process(target=self._loop, args=(compute, idle, os.getpid()), daemon=True)
        self.process.start()

    def _loop(self, compute, idle, parent: int) -> None:
        import time

        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        torch.set_num_threads(1)
        while os.getppid() == parent:
            at = 0
            with torch.no_grad():
                for p in self.parameters:
                    p.copy_(self.weights[at : at + p.numel()].view_as(p))
                    at += p.numel()
                    p.grad = None
            n, loss = compute()
            while int(self.full) and os.getppid() == parent:
                if not idle():
                    time.sleep(0.002)
            torch.cat([p.grad.reshape(-1) for p in self.parameters], out=self.gradient)
            self.loss.fill_(loss)
            self.full.fill_(n)
            idle()
