"""The references held to diffusers where it can be asked the same: TCD on whole timesteps, and its schedulers as people run them."""

import sys

import diffusers
import numpy as np
import torch

from . import synthetic
from .levels import Table
from .noise import Noise
from .references import SEED, Case, Model, placement_of, run


def check_tcd(table: Table, steps: int, prediction: str) -> float:
    """Largest difference between the written-out TCD and diffusers' on its own timesteps."""
    import diffusers.schedulers.scheduling_tcd as module

    c = table.config
    scheduler = diffusers.TCDScheduler(
        beta_start=c.beta_start, beta_end=c.beta_end, beta_schedule=c.beta_schedule, prediction_type=prediction, clip_sample=False
    )
    scheduler.set_timesteps(steps)
    scheduler.alphas_cumprod = torch.from_numpy(table.alphas)
    noise = Noise(SEED, synthetic.SIZE)
    module.randn_tensor = lambda shape, **_: torch.from_numpy(noise.next())[None]
    x = torch.from_numpy(noise.next())[None]
    for t in scheduler.timesteps:
        m = synthetic.output(prediction, x[0].numpy(), table.sigmas[int(t)])
        x = scheduler.step(torch.from_numpy(m)[None], t, x, eta=0.3).prev_sample
    ours = run(Case("tcd", "distilled", prediction, steps), table).final
    return float(np.max(np.abs(ours - x[0].numpy())))


def check_end_to_end(table: Table, steps: int) -> dict[str, float]:
    """Largest difference, relative, from diffusers' schedulers as people run them: their float32, their own timesteps."""
    classes = {
        "ddim": "DDIMScheduler", "ddpm": "DDPMScheduler", "plms": "PNDMScheduler", "euler": "EulerDiscreteScheduler",
        "euler-a": "EulerAncestralDiscreteScheduler", "heun": "HeunDiscreteScheduler", "lms": "LMSDiscreteScheduler",
        "dpmpp-2m": "DPMSolverMultistepScheduler", "dpmpp-2m-sde": "DPMSolverMultistepScheduler",
        "unipc": "UniPCMultistepScheduler", "lcm": "LCMScheduler",
    }  # fmt: skip
    c = table.config
    worst = {}
    for sampler, name in classes.items():
        for spacing in ("leading", "trailing", "linspace"):
            if sampler == "lcm" and spacing != "leading":
                continue
            if sampler in ("ddim", "ddpm", "plms") and spacing == "linspace":
                continue  # diffusers' DDIM steps by T // n whatever the spacing, which here is not the next timestep
            cls = getattr(diffusers, name)
            options = dict(beta_start=c.beta_start, beta_end=c.beta_end, beta_schedule=c.beta_schedule, steps_offset=c.steps_offset,
                timestep_spacing=spacing, set_alpha_to_one=c.set_alpha_to_one, clip_sample=False, skip_prk_steps=True)  # fmt: skip
            if sampler == "dpmpp-2m-sde":
                options["algorithm_type"] = "sde-dpmsolver++"
            known = {key: value for key, value in options.items() if key in cls().config}
            scheduler = cls(**known)
            scheduler.set_timesteps(steps)
            noise, model = Noise(SEED, synthetic.SIZE), Model("epsilon")
            for module in list(sys.modules.values()):
                if getattr(module, "__name__", "").startswith("diffusers.schedulers.") and hasattr(module, "randn_tensor"):
                    module.randn_tensor = lambda shape, noise=noise, **_: torch.from_numpy(noise.next()).reshape(tuple(shape))
            x = torch.from_numpy(noise.next()).float()[None] * scheduler.init_noise_sigma
            for t in scheduler.timesteps:
                unit = scheduler.scale_model_input(x, t)[0].double().numpy()
                m = torch.from_numpy(model.output(unit, sigma_at(table, sampler, float(t)))).float()[None]
                x = scheduler.step(m, t, x).prev_sample.float()
            schedule = "distilled" if sampler == "lcm" else spacing
            ours = run(Case(sampler, schedule, "epsilon", steps), table).final
            difference = float(np.max(np.abs(ours - x[0].numpy())) / np.max(np.abs(ours)))
            worst[f"{name} {spacing}"] = difference
            if difference > 1e-5:
                raise AssertionError(f"{name}, {spacing}, {steps} steps: {difference:.1e} from diffusers")
    return worst


def sigma_at(table: Table, sampler: str, timestep: float) -> float:
    """Where Euler's kin are told a fractional timestep, their σ is a straight line between the two around it."""
    if placement_of(sampler) == "sigma":
        return float(np.interp(timestep, np.arange(len(table.sigmas)), table.sigmas))
    return float(table.sigma_at(timestep))
