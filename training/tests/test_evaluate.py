"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("tqdm")
pytest.importorskip("tokenizers")

from dewpoint_training.judge.evaluate import SCORED, header, parts_of, row_of, scores_of
from dewpoint_training.judge.judge import Prompt
from dewpoint_training.judge.seen import Detection, Seen


def test_results_are_told_by_part():
    prompts = [Prompt("language", "a", part="es"), Prompt("language", "b", part="es"), Prompt("language", "c", part="zh"), Prompt("single object", "d")]
    assert parts_of(prompts, [True, False, True, True]) == {"language": {"es": 0.5, "zh": 1.0}}


def test_a_row_has_a_cell_for_every_column():
    report = dict(name="m", precision="fp32", steps=4, prompts=3, overall=0.5, scores={c: 0.5 for c in SCORED}, fid=3.0) | {
        "nearest training scene": {"pictures": 0.1}
    }
    assert row_of(report).count("|") == header().splitlines()[0].count("|")


def test_the_overall_score_is_the_mean_of_what_the_detector_may_judge():
    fox = Seen((Detection("fox", 0.9, 0.9, 100, 100, 80, "red"),), "beach", "3d")
    nothing, calm = Seen((), "beach", "3d"), Seen((), "calm", "3d")
    prompts = [Prompt("single object", "a"), Prompt("two objects", "b"), Prompt("counting", "c"), Prompt("parti", "d"), Prompt("parti", "e")]
    told = scores_of(prompts, [fox, fox, nothing, nothing, calm], [True, False, True, False, True], ["single object", "two objects"])
    assert told["overall"] == 0.5
    assert told["scores"] == {"single object": 1.0, "two objects": 0.0, "counting": 1.0, "parti": 0.5}
    assert told["failures"] == {"single object": [], "two objects": ["b"], "counting": [], "parti": ["d"]}
    assert told["no soup"] == {
        "sure of something, parti": 0.0,
        "or an empty backdrop": 0.5,
        "sure of something, half unknown": None,
        "everywhere": 0.6,
    }
