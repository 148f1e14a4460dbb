import json
import tomllib
from pathlib import Path

from dewpoint_training.judge.card import bars_table, figure, files_table, parts_table, scores_table, variety_table, vocabulary
from dewpoint_training.judge.judge import CATEGORIES, SCORED

REPORT = {
    "name": "m",
    "precision": "fp32",
    "steps": 4,
    "prompts": 3,
    "overall": 0.94,
    "scores": {c: 0.5 for c in CATEGORIES},
    "fid": 3.0,
    "nearest training scene": {"pictures": 0.1},
    "variety": {"mean": {"place": 50.0, "size": 0.3}, "pandas": {"with tacos": 9, "of": 10, "nearest pair": 0.2}},
}


def test_a_bar_says_by_how_much_it_was_met_or_missed():
    table = bars_table(
        REPORT, [["overall", "overall", ">=", 0.95], ["counts", "scores/counting", ">=", 0.4], ["edges", "variety/mean/size", "<=", 0.2]], None
    ).splitlines()[2:]
    assert table == ["| overall | ≥ 0.95 | 0.94 | missed by 0.01 |", "| counts | ≥ 0.4 | 0.5 | met by 0.1 |", "| edges | ≤ 0.2 | 0.3 | missed by 0.1 |"]


def test_variety_is_told_against_the_model_before_and_left_out_where_that_is_unknown():
    bars = [["spread", "variety/mean/place × before", ">=", 2.5]]
    assert "| spread | ≥ 2.5 | 5 | met by 2.5 |" in bars_table(REPORT, bars, {"variety": {"mean": {"place": 10.0}}})
    assert "spread" not in bars_table(REPORT, bars, None)


def test_a_figure_that_was_not_measured_is_none():
    assert figure(REPORT, "scores/counting") == 0.5 and figure(REPORT, "scores/nothing") is None and figure(REPORT, "overall/deeper") is None


def test_every_bar_of_the_configuration_names_a_figure_that_evaluate_writes():
    bars = tomllib.loads((Path(__file__).parents[1] / "configs" / "card.toml").read_text())["bars"]
    written = {"overall"} | {f"scores/{c}" for c in CATEGORIES} | {f"no soup/sure of something, {c}" for c in ("parti", "half unknown")}
    written |= {f"variety/mean/{n} × before" for n in ("place", "size")} | {f"reconstruction/{n}" for n in ("PSNR, dB", "edge energy")}
    assert {path for name, rows in bars.items() if name != "about" for _, path, _, _ in rows} <= written


def test_tables_have_a_cell_for_every_column():
    for categories, overall in ((SCORED, True), (tuple(c for c in CATEGORIES if c not in SCORED), False)):
        heading, _, row = scores_table([REPORT], categories, overall).splitlines()
        assert heading.count("|") == row.count("|")
    heading, _, row = variety_table([("m", REPORT["variety"])]).splitlines()
    assert heading.count("|") == row.count("|")
    assert "| style | ink 0.50, neon 1.00 |" in parts_table({"style": {"ink": 0.5, "neon": 1.0}})


def test_files_another_model_holds_are_told_apart(tmp_path):
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "model.onnx").write_bytes(b"x" * 10_000)
    (tmp_path / "dewpoint.json").write_text(json.dumps({"files": {"text_encoder/model.onnx": {"sizeBytes": 2_000_000, "from": "teacher"}}}))
    table = files_table(tmp_path)
    assert "| `unet/model.onnx` | 0.01 |" in table and "| `text_encoder/model.onnx` | 2.00, in [teacher](../teacher) |" in table


def test_the_vocabulary_names_every_style_and_place():
    told = vocabulary()
    assert "**styles** (12)" in told and "stained glass" in told and "golden hour" in told and "panda" in told
