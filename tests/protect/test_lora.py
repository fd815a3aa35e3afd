"""What surrogates promise: they learn, are repeatable, and leave their teacher's network untouched."""

import io
from dataclasses import dataclass, replace

import pytest
import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel
from PIL import Image as Pillow
from torch import nn

from artaudit.errors import UsageError
from artaudit.image import decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.denoising import Denoising, relative
from artaudit.protect.descent import Descent
from artaudit.protect.lora import ATTENTION, LoRATrainer, Student, adapted, crop
from artaudit.protect.objectives.antidreambooth import AntiDreamBooth
from artaudit.protect.objectives.mist2 import Mist2
from artaudit.protocols import Budget, Generator
from artaudit.tensors import to_batch

LESSONS = LoRATrainer(priors=1)
JOINT = {"joint_attention_dim": 32, "pooled_projection_dim": 32, "in_channels": 4, "patch_size": 1, "num_layers": 1}
DENOISERS = {
    "unet": lambda generator: generator.denoiser,
    "sd3": lambda _: SD3Transformer2DModel(
        sample_size=8, attention_head_dim=8, num_attention_heads=4, caption_projection_dim=32, out_channels=4, **JOINT
    ),
    "flux": lambda _: FluxTransformer2DModel(
        num_single_layers=1, attention_head_dim=16, num_attention_heads=2, axes_dims_rope=(4, 4, 8), **JOINT
    ),
}
CLEAN = torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(5))
CLEAN8 = torch.round(CLEAN * 255) / 255


def state(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def prediction(model: Generator) -> torch.Tensor:
    noisy = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return model.predict(noisy, torch.tensor([30]), model.condition("a painting"))


def taught(generator: Generator, seed: int = 0, steps: int = 3, lessons: LoRATrainer = LESSONS) -> Student:
    student = lessons.student(generator, CLEAN, 0)
    lessons.train(student, CLEAN, steps=steps, seed=seed)
    return student


def test_a_student_is_a_generator_that_first_predicts_as_its_teacher(generator):
    student = LESSONS.student(generator, CLEAN, 0)
    assert isinstance(student, Generator)
    assert torch.equal(prediction(student), prediction(generator))
    latents = student.encode(CLEAN)
    assert torch.equal(student.decode(latents), generator.decode(latents))
    assert student.generate("a cat", seed=1, size=(64, 72), steps=2).shape == (1, 3, 64, 72)


def test_teaching_changes_the_student_and_not_a_bit_of_the_teacher(generator):
    before, predicted = state(generator.denoiser), prediction(generator)
    student = taught(generator)
    assert not torch.equal(prediction(student), predicted)
    assert torch.equal(prediction(generator), predicted)
    after = generator.denoiser.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(weight.requires_grad for weight in generator.denoiser.parameters())


def test_a_student_shares_the_frozen_weights_of_its_teacher(generator):
    student = LESSONS.student(generator, CLEAN, 0)
    own = {weight.data_ptr() for weight in generator.denoiser.parameters()}
    added = [weight for weight in student.denoiser.parameters() if weight.data_ptr() not in own]
    assert added
    assert {id(weight) for weight in added} == {id(weight) for weight in student.weights}
    assert sum(weight.numel() for weight in added) < sum(w.numel() for w in generator.denoiser.parameters()) / 4


def test_every_attention_layer_gets_an_adapter_of_the_rank(generator):
    student = Student(generator, rank=3, seed=0)
    attention = [name for name, _ in generator.denoiser.named_modules() if name.endswith(("to_q", "to_out.0"))]
    ranks = [weight.shape[0] for name, weight in student.denoiser.named_parameters() if "lora_A" in name]
    assert ranks == [3] * (2 * len(attention))


def test_the_same_seeds_teach_the_same_and_others_otherwise(generator):
    first, again, other = (prediction(taught(generator, seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_teaching_does_not_touch_the_random_numbers_of_the_program(generator):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    taught(generator)
    assert torch.equal(torch.rand(4), expected)


def test_a_student_learns_what_it_is_taught(generator):
    lessons = LoRATrainer(priors=0, rate=5e-3)

    def loss(model: Generator) -> float:
        denoise = Denoising(model, lessons.prompt, 99)
        with torch.no_grad():
            return sum(float(relative(*denoise(model.encode(CLEAN), step))) for step in range(20)) / 20

    assert loss(taught(generator, steps=40, lessons=lessons)) < 0.98 * loss(generator)


def test_priors_take_part_in_what_is_learned(generator):
    without, light, heavy = (
        prediction(taught(generator, lessons=replace(LESSONS, priors=priors, prior_weight=weight)))
        for priors, weight in ((0, 1.0), (1, 0.1), (1, 10.0))
    )
    assert not torch.equal(without, light)
    assert not torch.equal(light, heavy)


def test_priors_are_as_large_as_crops(generator):
    lessons = replace(LESSONS, side=64, priors=2)
    student = lessons.student(generator, torch.rand(1, 3, 100, 72), 0)
    assert [prior.shape for prior in student.priors] == [(1, 3, 64, 64)] * 2
    assert not torch.equal(*student.priors)


@pytest.mark.parametrize(("size", "cut"), [((64, 200), (64, 96)), ((96, 96), (96, 96)), ((300, 97), (96, 96))])
def test_crops_lie_inside_the_picture(size, cut):
    picture = torch.rand(1, 3, *size)
    assert crop(picture, 96, torch.Generator().manual_seed(0)).shape[-2:] == cut


def test_a_denoiser_without_attention_is_refused(generator):
    generator.denoiser = nn.Conv2d(4, 4, 3, padding=1)
    with pytest.raises(UsageError, match="no attention to train: choose another model"):
        Student(generator, rank=4, seed=0)


@pytest.mark.parametrize("kind", ["unet", "sd3", "flux"])
def test_adapters_find_the_attention_of_every_kind_of_denoiser_and_stay_in_single_precision(kind, generator):
    twin = adapted(DENOISERS[kind](generator).half(), rank=2, seed=0, name=kind)
    trained = {name: weight for name, weight in twin.named_parameters() if weight.requires_grad}
    assert {name.split(".lora_")[0].rsplit("attn", 1)[-1].split(".", 1)[1] for name in trained} == set(ATTENTION)
    assert {weight.dtype for weight in trained.values()} == {torch.float32}
    assert {weight.dtype for weight in twin.parameters() if not weight.requires_grad} == {torch.float16}


def test_a_frozen_generator_can_be_taught(generator):
    @dataclass(frozen=True)
    class Frozen(type(generator)):
        denoiser: nn.Module

        def __getattr__(self, name):
            return getattr(generator, name)

    student = taught(Frozen(generator.denoiser))
    assert not torch.equal(prediction(student), prediction(generator))


def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    calls: list[tuple[str, int]] = []
    teach = LoRATrainer.train

    def noted(self, student, picture, *, steps, seed):
        calls.append(("clean" if torch.equal(picture, CLEAN8) else "moved", steps))
        teach(self, student, picture, steps=steps, seed=seed)

    monkeypatch.setattr(LoRATrainer, "train", noted)
    return calls


def run(objective: object, generator: Generator, steps: int) -> None:
    buffer = io.BytesIO()
    array = (CLEAN8[0].permute(1, 2, 0) * 255).round().byte().numpy()
    Pillow.fromarray(array).save(buffer, "PNG")
    image = decode(buffer.getvalue(), name="picture.png")
    assert torch.equal(to_batch(image.samples), CLEAN8)
    DescentCloak(objective, (generator,), Descent(steps=steps)).apply(image, budget=Budget(8 / 255), seed=0)


def test_mist2_learns_the_moved_picture_between_blocks(generator, monkeypatch):
    calls = watched(monkeypatch)
    run(Mist2(block=4, lesson=2, lessons=LESSONS), generator, 4 * 5)
    assert calls == [("moved", 2)] * 4


def test_anti_dreambooth_learns_clean_first_and_then_both_in_turn(generator, monkeypatch):
    calls = watched(monkeypatch)
    run(AntiDreamBooth(block=3, lesson=1, lessons=LESSONS), generator, 3 * 3)
    assert calls == [("clean", 1), ("moved", 1), ("clean", 1), ("moved", 1), ("clean", 1)]


def test_the_published_schedules_are_the_defaults():
    assert (Mist2().block, Mist2().lesson) == (30, 10)
    assert Mist2().lessons == LoRATrainer(rank=4, rate=1e-4, prior_weight=0.1)
    assert (AntiDreamBooth().block, AntiDreamBooth().lesson) == (6, 3)


def test_anti_dreambooth_forgets_the_clean_lesson_but_not_the_moved_one(generator):
    objective = AntiDreamBooth(block=2, lessons=LESSONS)
    moved = (CLEAN + 0.03).clamp(0, 1)
    student = objective.surrogate(generator, CLEAN, 0)
    objective.learn(student, CLEAN, moved, 0, 0)
    assert not torch.equal(prediction(student), prediction(generator))
    student.restore()
    assert torch.equal(prediction(student), prediction(generator))
    objective.learn(student, CLEAN, moved, 2, 0)
    student.restore()
    alone = LESSONS.student(generator, CLEAN, 0)
    objective.lessons.train(alone, moved, steps=3, seed=4)
    assert torch.equal(prediction(student), prediction(alone))
