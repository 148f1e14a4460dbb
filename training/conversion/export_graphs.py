"""Torch modules of a Stable Diffusion → float32 ONNX graphs with their configs, inputs and outputs named as optimum names them.

Node names keep the modules' paths, for LoRA files speak of them.
"""

import json
import tempfile
from pathlib import Path

import onnx
import torch

PROMPT = "a panda eating tacos at the beach"
# A message of protocol buffers ends at 2 GiB; past half of that weights go into a file beside the graph, as optimum writes them.
INSIDE_MAX_BYTES = 2**30


class Traced(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, function):
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *inputs):
        return self.function(*inputs)


def export(path: Path, model: torch.nn.Module, function, inputs: dict[str, torch.Tensor], outputs: list[str], dynamic: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        loose = Path(folder) / "model.onnx"
        torch.onnx.export(
            Traced(model, function),
            tuple(inputs.values()),
            str(loose),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=dynamic,
            opset_version=17,
            dynamo=False,
        )
        save_graph(onnx.load(loose), path)


def save_graph(model: onnx.ModelProto, path: Path) -> None:
    weights = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    data = path.with_name(path.name + "_data")
    data.unlink(missing_ok=True)
    if weights <= INSIDE_MAX_BYTES:
        onnx.save(model, path)
    else:
        onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=data.name, size_threshold=1024)


IMAGE = {0: "batch_size", 2: "height", 3: "width"}
BATCH = {0: "batch_size"}


def export_text_encoder(folder: Path, model, tokenizer) -> None:
    projected = hasattr(model, "text_projection")
    layers = model.config.num_hidden_layers + 1

    def function(input_ids):
        out = model(input_ids, output_hidden_states=True)
        return (out.text_embeds if projected else out.pooler_output, out.last_hidden_state, *out.hidden_states)

    names = ["text_embeds" if projected else "pooler_output", "last_hidden_state", *(f"hidden_states.{i}" for i in range(layers))]
    ids = tokenizer([PROMPT, ""], padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt").input_ids
    export(folder / "model.onnx", model, function, {"input_ids": ids}, names, {"input_ids": {**BATCH, 1: "sequence_length"}} | {name: BATCH for name in names})
    write_config(folder, model.config.to_dict())


def unet_inputs(model, pooled_width: int | None) -> dict[str, torch.Tensor]:
    inputs = {
        "sample": torch.randn(2, model.config.in_channels, 32, 32),
        # One timestep a row, so that requests at different steps can share a call; float, since schedules fall between whole ones.
        "timestep": torch.tensor([1.0, 500.0]),
        "encoder_hidden_states": torch.randn(2, 77, model.config.cross_attention_dim),
    }
    if pooled_width is not None:
        inputs |= {"text_embeds": torch.randn(2, pooled_width), "time_ids": torch.randn(2, 6)}
    if model.config.time_cond_proj_dim is not None:
        inputs["timestep_cond"] = torch.randn(2, model.config.time_cond_proj_dim)
    return inputs


def export_unet(folder: Path, model, pooled_width: int | None) -> None:
    inputs = unet_inputs(model, pooled_width)
    dynamic = {name: BATCH for name in inputs} | {"sample": IMAGE, "out_sample": IMAGE, "encoder_hidden_states": {**BATCH, 1: "sequence_length"}}

    def function(sample, timestep, hidden, *rest):
        extra = dict(zip(list(inputs)[3:], rest))
        condition = extra.pop("timestep_cond", None)
        return model(sample, timestep, hidden, timestep_cond=condition, added_cond_kwargs=extra or None, return_dict=False)[0]

    export(folder / "model.onnx", model, function, inputs, ["out_sample"], dynamic)
    write_config(folder, dict(model.config))


def export_vae(out: Path, model) -> None:
    channels = model.config.latent_channels
    export(
        out / "vae_decoder/model.onnx",
        model,
        lambda z: model.decode(z, return_dict=False)[0],
        {"latent_sample": torch.randn(1, channels, 16, 16)},
        ["sample"],
        {"latent_sample": IMAGE, "sample": IMAGE},
    )
    export(
        out / "vae_encoder/model.onnx",
        model,
        lambda x: model.encode(x, return_dict=False)[0].parameters,
        {"sample": torch.randn(1, 3, 128, 128)},
        ["latent_parameters"],
        {"sample": IMAGE, "latent_parameters": IMAGE},
    )
    for part in ("vae_decoder", "vae_encoder"):
        write_config(out / part, dict(model.config))


def write_config(folder: Path, config: dict) -> None:
    public = {key: value for key, value in config.items() if not key.startswith("_") or key == "_class_name"}
    (folder / "config.json").write_text(json.dumps(public, indent=1, default=str) + "\n")
