"""The steps of training/convert_model.py, a file each."""
