"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import importlib

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("tqdm")

from dewpoint_training.__main__ import STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_tell_its_options(stage, capsys):
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"dewpoint_training.{STAGES[stage][0]}").main(["--help"])
    assert ended.value.code == 0 and "usage" in capsys.readouterr().out
