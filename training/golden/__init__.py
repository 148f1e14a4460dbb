"""What the product's tests compare with, made by the libraries others use: `make_golden.py` (numbers), `export_tiny_models.py` and `export_network_goldens.py`
(whole pipelines)."""
