"""Stable Diffusion in miniature and what diffusers makes of it: the parts of export_tiny_models.py."""

import warnings

import torch

warnings.filterwarnings("ignore")
# More threads sum in another order.
torch.set_num_threads(1)
