"""Stable Diffusion in PyTorch → models of ours, for `npm run models -- convert`: `convert_model.py`, and its steps, a file each."""
