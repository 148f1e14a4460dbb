"""The synthetic model of the sampler goldens: the ideal denoiser of a Gaussian, bent a little; the same formula is in
test/diffusion/schedulers/synthetic-model.ts."""

import numpy as np

MEAN = np.array([0.3, -0.7, 1.1])
UNCONDITIONAL_MEAN = np.array([-0.2, 0.4, 0.5])
DEVIATION = 0.5
SIZE = len(MEAN)


def denoised(unit_input, sigma, mean=MEAN):
    """Clean latents for a unit-variance input (variance-preserving sample) at σ."""
    x = unit_input * np.sqrt(1 + sigma**2)
    ideal = (mean * sigma**2 + DEVIATION**2 * x) / (sigma**2 + DEVIATION**2)
    return ideal + 0.05 * sigma / (1 + sigma) * np.sin(2 * unit_input + mean)


def output(prediction, unit_input, sigma, mean=MEAN):
    """What a U-Net of this prediction type would say."""
    x0 = denoised(unit_input, sigma, mean)
    if prediction == "sample":
        return x0
    signal = 1 / np.sqrt(1 + sigma**2)
    scale = sigma * signal
    epsilon = (unit_input - signal * x0) / scale
    return epsilon if prediction == "epsilon" else signal * epsilon - scale * x0
