"""k-diffusion's published samplers, loaded without the training half of the package (which wants kornia, wandb and more)."""

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import torch


def _load():
    for root in map(Path, sys.path):
        path = root / "k_diffusion" / "sampling.py"
        if path.exists():
            break
    else:
        raise ImportError("k-diffusion is not installed; see training/golden/requirements-no-deps.txt")
    package = types.ModuleType("k_diffusion")
    package.__path__ = [str(path.parent)]
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, ndim: x[(...,) + (None,) * (ndim - x.ndim)]
    package.utils = utils
    sys.modules |= {"k_diffusion": package, "k_diffusion.utils": utils}
    spec = importlib.util.spec_from_file_location("k_diffusion.sampling", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _TorchWithNoise:
    """torch, but `randn_like` draws from the run's own noise."""

    def __init__(self):
        self.draw = None

    def __getattr__(self, name):
        return getattr(torch, name)

    def randn_like(self, x):
        return torch.from_numpy(self.draw()).reshape(x.shape)


sampling = _load()
_torch = _TorchWithNoise()
sampling.torch = _torch

FUNCTIONS = {
    "euler": "sample_euler", "euler-a": "sample_euler_ancestral", "heun": "sample_heun", "dpm2": "sample_dpm_2",
    "dpm2-a": "sample_dpm_2_ancestral", "lms": "sample_lms", "dpmpp-2s-a": "sample_dpmpp_2s_ancestral",
    "dpmpp-sde": "sample_dpmpp_sde", "dpmpp-2m": "sample_dpmpp_2m", "dpmpp-2m-sde": "sample_dpmpp_2m_sde",
    "dpmpp-2m-sde-heun": "sample_dpmpp_2m_sde", "dpmpp-3m-sde": "sample_dpmpp_3m_sde",
}  # fmt: skip


def run(sampler, denoise, x, sigmas, noise, eta=None, s_churn=0.0, s_noise=1.0, sde_noise=None):
    """Final sample, float64 [size]. `denoise(x, sigma)` is called with arrays; every value is float64."""
    kwargs = {}
    if sampler in ("euler", "heun", "dpm2"):
        gamma = min(s_churn / (len(sigmas) - 1), 2**0.5 - 1)
        first = [True]

        def draw():
            # Dewpoint starts at the raised level instead of raising the first sample, so the first churn adds nothing here.
            if first.pop() if first else False:
                return np.zeros_like(x)
            return noise.next()

        _torch.draw = draw
        kwargs = dict(s_churn=s_churn, s_noise=s_noise)
        if gamma == 0:
            first.clear()
    elif sde_noise == "torchsde-cpu":
        # What k-diffusion itself takes, in float32 as A1111 and ComfyUI run it.
        low, high = sigmas[sigmas > 0].min(), sigmas.max()
        path = sampling.BrownianTreeNoiseSampler(torch.zeros(1, len(x)), low, high, seed=noise.seed)
        kwargs = dict(eta=eta, s_noise=s_noise, noise_sampler=lambda a, b: path(a.float(), b.float()).double())
        if sampler == "dpmpp-2m-sde-heun":
            kwargs["solver_type"] = "heun"
    elif sampler == "dpmpp-sde":
        kwargs = dict(eta=eta, s_noise=s_noise, noise_sampler=_brownian_path(noise))
    elif sampler not in ("lms", "dpmpp-2m"):
        kwargs = dict(eta=eta, s_noise=s_noise, noise_sampler=lambda *_: torch.from_numpy(noise.next())[None])
        if sampler == "dpmpp-2m-sde-heun":
            kwargs["solver_type"] = "heun"

    def model(x_in, sigma):
        return torch.from_numpy(denoise(x_in[0].numpy(), float(sigma[0])))[None]

    if len(sigmas) == 2 and sigmas[-1] == 0 and sampler in ("dpmpp-2m-sde", "dpmpp-2m-sde-heun", "dpmpp-3m-sde"):
        # k-diffusion 0.1.1 stops on an unset variable here; the step it was about to return is the clean prediction.
        return denoise(x, float(sigmas[0]))
    function = getattr(sampling, FUNCTIONS[sampler])
    out = function(model, torch.from_numpy(x)[None], torch.from_numpy(sigmas), disable=True, **kwargs)
    return out[0].numpy()


def _brownian_path(noise):
    """Unit-variance increments of one path: (σ, middle) first, then (σ, next), which contains it."""
    half = {}

    def sample(sigma, sigma_next):
        sigma, sigma_next = float(sigma), float(sigma_next)
        fresh = noise.next()
        if sigma not in half:
            half[sigma] = (sigma_next, fresh)
            return torch.from_numpy(fresh)[None]
        middle, first = half.pop(sigma)
        whole = (sigma - middle) ** 0.5 * first + (middle - sigma_next) ** 0.5 * fresh
        return torch.from_numpy(whole / (sigma - sigma_next) ** 0.5)[None]

    return sample
